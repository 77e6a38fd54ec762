#include "toolbox/file_facts.hpp"

#include "toolbox/errors.hpp"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace {

constexpr int mostLinks = 40;

/// As Go writes it: "-rw-r--r--", "drwxr-xr-x", "Lrwxrwxrwx".
std::string goMode(const FileInfo& info) {
  std::string text = info.type == FileType::directory ? "d" : info.type == FileType::symlink ? "L" : "-";
  constexpr std::string_view letters = "rwxrwxrwx";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    text += (info.mode & (1 << (letters.size() - 1 - i))) != 0 ? letters[i] : '-';
  }
  return text;
}

std::string directoryOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

std::string baseName(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1));
}

std::string joined(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

boost::json::object fileFacts(const Daemon& daemon, const FileInfo& info, const std::string& path) {
  const auto modified = info.modifiedAt.value_or(Timestamp());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(modified);
  boost::json::object facts;
  facts["name"] = baseName(path);
  facts["size"] = info.size;
  facts["isDir"] = info.type == FileType::directory;
  facts["mode"] = goMode(info);
  facts["permissions"] = fmt::format("{:04o}", info.mode);
  facts["modTime"] = fmt::format("{:%Y-%m-%d %H:%M:%S} +0000 UTC",
                                 fmt::gmtime(seconds.time_since_epoch().count()));
  if (daemon.release() == Release::v190) {
    facts["owner"] = "1000";
    facts["group"] = "1000";
    return facts;
  }
  facts["path"] = path;
  facts["modifiedAt"] = toString(modified);
  facts["owner"] = daemon.user();
  facts["group"] = daemon.user();
  return facts;
}

Task<FileInfo> statFollowing(DaemonPtr daemon, std::string path) {
  std::string place = daemon->resolve(path);
  for (int links = 0; links < mostLinks; ++links) {
    auto info = co_await daemon->machine().stat(place);
    if (!info) co_return fileRefusal(info.error(), path);
    if (info->type != FileType::symlink) co_return info;
    place = info->linkTarget.starts_with('/') ? info->linkTarget
                                              : joined(directoryOf(place), info->linkTarget);
  }
  co_return refusal(
      400, "INVALID_FILE_PATH", fmt::format("stat {}: too many levels of symbolic links", path));
}

Task<std::vector<Found>> walk(DaemonPtr daemon, std::string root, int depth) {
  struct Pending {
    std::string path;
    int depth;
  };
  std::vector<Found> found;
  std::vector<Pending> pending;
  pending.push_back(Pending{root, depth});
  while (!pending.empty()) {
    Pending next = std::move(pending.back());
    pending.pop_back();
    auto entries = co_await daemon->machine().list(daemon->resolve(next.path));
    if (!entries && next.path == root) co_return fileRefusal(entries.error(), root);
    if (!entries) continue;
    std::ranges::sort(*entries, {}, &FileInfo::name);
    for (auto& info : *entries) {
      found.push_back(Found{joined(next.path, info.name), std::move(info)});
    }
    if (next.depth <= 1) continue;
    // Backwards, because the last one pushed is the next one entered.
    for (auto entry = entries->size(); entry > 0; --entry) {
      const auto& last = found[found.size() - entries->size() + entry - 1];
      if (last.info.type == FileType::directory) pending.push_back(Pending{last.path, next.depth - 1});
    }
  }
  co_return found;
}

}  // namespace mooring::daytona::emulator
