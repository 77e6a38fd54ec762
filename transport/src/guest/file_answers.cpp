#include <mooring/guest/file_answers.hpp>
#include <mooring/guest/file_scripts.hpp>
#include <mooring/http/text.hpp>

#include <charconv>

namespace mooring::guest {

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Tools say why in words only; in the C locale these are stable.
Errc meaningOf(const Printed& printed) {
  switch (printed.exitCode) {
    case file_scripts::missing:
      return Errc::notFound;
    case file_scripts::noDirectory:
      return Errc::invalidArgument;
    case file_scripts::inTheWay:
      return Errc::conflict;
    default:
      break;
  }
  const auto& said = printed.err;
  if (has(said, "No such file or directory")) return Errc::notFound;
  if (has(said, "Permission denied") || has(said, "Operation not permitted") ||
      has(said, "Read-only file system"))
    return Errc::permissionDenied;
  if (has(said, "No space left") || has(said, "quota exceeded")) return Errc::quotaExceeded;
  if (has(said, "File name too long") || has(said, "Invalid argument")) return Errc::invalidArgument;
  if (has(said, "directory") || has(said, "exists") || has(said, "not empty")) return Errc::conflict;
  return Errc::unavailable;
}

std::string_view wordsFor(int exitCode) {
  switch (exitCode) {
    case file_scripts::missing:
      return "there is no such file";
    case file_scripts::noDirectory:
      return "it is not a directory";
    case file_scripts::inTheWay:
      return "something else is there";
    default:
      return "";
  }
}

template <class T>
bool readNumber(std::string_view text, T& out, int base) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return ec == std::errc() && end == text.data() + text.size();
}

/// Up to the next space, which is taken too.
std::string_view word(std::string_view& rest) {
  const auto end = rest.find(' ');
  const auto out = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return out;
}

std::optional<FileInfo> readEntry(std::string_view text) {
  FileInfo info;
  const auto type = word(text);
  info.type = type == "f"   ? FileType::file
              : type == "d" ? FileType::directory
              : type == "l" ? FileType::symlink
                            : FileType::other;
  if (!readNumber(word(text), info.mode, 8)) return std::nullopt;
  std::uint64_t size = 0;
  if (!readNumber(word(text), size, 10)) return std::nullopt;
  if (info.type == FileType::file) info.size = size;
  const auto seconds = word(text);
  std::int64_t whole = 0;
  if (!readNumber(seconds.substr(0, seconds.find('.')), whole, 10)) return std::nullopt;
  info.modifiedAt = Timestamp(std::chrono::seconds(whole));
  info.name = text;
  return info;
}

}  // namespace

std::string plainPath(const SandboxPath& path) {
  return path.value.starts_with('/') ? path.value : "./" + path.value;
}

Result<void> checkPrinted(const Printed& printed, std::string_view what) {
  if (printed.exitCode == 0) return {};
  std::string why(wordsFor(printed.exitCode));
  if (why.empty()) why = http::oneLine(printed.err);
  if (why.empty()) why = "its tool ended with " + std::to_string(printed.exitCode);
  return failure(meaningOf(printed), "cannot " + std::string(what) + ": " + why);
}

Result<std::vector<FileInfo>> readListing(std::string_view text) {
  std::vector<FileInfo> entries;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto linkEnd = end == std::string_view::npos ? end : text.find('\0', end + 1);
    auto info = linkEnd == std::string_view::npos ? std::nullopt : readEntry(text.substr(0, end));
    if (!info) return failure(Errc::corrupted, "the sandbox's listing of files cannot be read");
    info->linkTarget = text.substr(end + 1, linkEnd - end - 1);
    entries.push_back(std::move(*info));
    text.remove_prefix(linkEnd + 1);
  }
  return entries;
}

}  // namespace mooring::guest
