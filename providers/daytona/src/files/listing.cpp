#include "files/listing.hpp"

#include "errors.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

namespace mooring::daytona {

namespace {

constexpr std::string_view nameEnd = "//";

std::unexpected<Error> unreadable() {
  return refuse(Errc::corrupted, "what the sandbox's `stat` prints about files cannot be read");
}

template <class Number>
bool take(std::string_view& text, Number& out, int base) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// "81a4 5 1769860800" in front of `text`.
bool takeFacts(std::string_view& text, FileInfo& info) {
  unsigned mode = 0;
  std::uint64_t size = 0;
  std::int64_t changed = 0;
  if (!take(text, mode, 16) || !take(text, size, 10) || !take(text, changed, 10)) return false;
  constexpr unsigned typeBits = 0170000;
  const auto type = mode & typeBits;
  info.type = type == 0100000   ? FileType::file
              : type == 0040000 ? FileType::directory
              : type == 0120000 ? FileType::symlink
                                : FileType::other;
  info.size = info.type == FileType::file ? size : 0;
  info.mode = static_cast<int>(mode & 07777U);
  info.modifiedAt = Timestamp(std::chrono::seconds(changed));
  return true;
}

/// "./name//" in front of `text`.
bool takeName(std::string_view& text, std::string& name) {
  const auto end = text.find(nameEnd);
  if (!text.starts_with("./") || end == std::string_view::npos || end <= 2) return false;
  name = text.substr(2, end - 2);
  text.remove_prefix(end + nameEnd.size());
  return true;
}

}  // namespace

Result<std::vector<FileInfo>> readListing(std::string_view printed) {
  const auto half = printed.find('\0');
  if (half == std::string_view::npos) return unreadable();
  auto links = printed.substr(half + 1);
  auto entries = printed.substr(0, half);

  std::map<std::string, std::string, std::less<>> targets;
  while (!links.empty()) {
    std::string name;
    const auto end = links.find('\0');
    if (end == std::string_view::npos || !takeName(links, name)) return unreadable();
    const auto targetEnd = links.find('\0');
    targets.emplace(std::move(name), links.substr(0, targetEnd));
    links.remove_prefix(targetEnd + 1);
  }
  std::vector<FileInfo> infos;
  constexpr std::string_view end = "//\n";
  while (!entries.empty()) {
    FileInfo info;
    if (!takeName(entries, info.name) || !takeFacts(entries, info) || !entries.starts_with(end))
      return unreadable();
    entries.remove_prefix(end.size());
    const auto target = targets.find(info.name);
    if (info.type == FileType::symlink && target != targets.end()) info.linkTarget = target->second;
    infos.push_back(std::move(info));
  }
  std::ranges::sort(infos, {}, &FileInfo::name);
  return infos;
}

Result<FileInfo> readStat(std::string_view printed, std::string name) {
  FileInfo info;
  info.name = std::move(name);
  if (!takeFacts(printed, info) || !printed.starts_with('\n')) return unreadable();
  if (info.type == FileType::symlink) info.linkTarget = printed.substr(1);
  return info;
}

}  // namespace mooring::daytona
