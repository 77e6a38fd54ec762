#include "local_target.hpp"

#include <spdlog/fmt/fmt.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mooring::detail {
namespace {

constexpr int directoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// ENOTDIR and ELOOP both mean that something else bears the name of a directory.
Error notADirectory(int number, const std::string& path) {
  if (number != ENOTDIR && number != ELOOP) return systemError(number, "open", path);
  return makeError(Errc::conflict, path + " is here no directory; it is not replaced by one, nor followed");
}

bool isDirectory(int parent, const std::string& name) {
  struct stat facts = {};
  return ::fstatat(parent, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
}

Error inTheWay(const std::string& path) {
  return makeError(Errc::conflict, path + " is here a directory; it is not replaced");
}

}  // namespace

LocalTarget::LocalTarget(FileHandle root, std::string shown)
    : root_(std::make_shared<const FileHandle>(std::move(root))), shown_(std::move(shown)) {}

Result<std::shared_ptr<LocalTarget>> LocalTarget::open(const std::filesystem::path& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec) return std::unexpected(systemError(ec.value(), "make", path.string()));
  FileHandle root(::open(path.c_str(), directoryFlags));
  if (!root) return std::unexpected(systemError(errno, "open", path.string()));
  return std::shared_ptr<LocalTarget>(new LocalTarget(std::move(root), path.string()));
}

std::string LocalTarget::shown(const PathParts& parts, std::string_view name) const {
  std::string path = shown_;
  const auto add = [&path](std::string_view part) {
    if (!path.ends_with('/')) path += '/';
    path += part;
  };
  for (const auto part : parts)
    add(part);
  if (!name.empty()) add(name);
  return path;
}

Result<std::shared_ptr<const FileHandle>> LocalTarget::directory(const PathParts& parts) const {
  auto current = root_;
  for (const auto part : parts) {
    FileHandle next(::openat(current->get(), std::string(part).c_str(), directoryFlags | O_NOFOLLOW));
    if (!next) return std::unexpected(notADirectory(errno, shown(parts)));
    current = std::make_shared<const FileHandle>(std::move(next));
  }
  return current;
}

Result<bool> LocalTarget::makeDirectory(const PathParts& parts) const {
  auto above = parts;
  const std::string name(above.back());
  above.pop_back();
  auto parent = directory(above);
  if (!parent) return std::unexpected(std::move(parent).error());
  if (::mkdirat((*parent)->get(), name.c_str(), 0700) == 0) return true;
  if (errno != EEXIST) return std::unexpected(systemError(errno, "make", shown(parts)));
  if (auto existing = directory(parts); !existing) return std::unexpected(std::move(existing).error());
  return false;
}

Result<void> LocalTarget::setMode(const PathParts& parts, int mode) const {
  auto handle = directory(parts);
  if (!handle) return std::unexpected(std::move(handle).error());
  if (::fchmod((*handle)->get(), static_cast<mode_t>(mode)) != 0) {
    return std::unexpected(systemError(errno, "set the mode of", shown(parts)));
  }
  return {};
}

Result<std::shared_ptr<PartFile>> LocalTarget::makeFile(const PathParts& parts,
                                                        std::string_view name,
                                                        const std::string& temporary) const {
  auto parent = directory(parts);
  if (!parent) return std::unexpected(std::move(parent).error());
  // Renaming would be refused as well, but only after the whole file has come.
  if (isDirectory((*parent)->get(), std::string(name))) return std::unexpected(inTheWay(shown(parts, name)));
  return PartFile::make(std::move(*parent), temporary, std::string(name), shown(parts, name));
}

Result<void> LocalTarget::makeSymlink(const PathParts& parts,
                                      std::string_view name,
                                      const std::string& target,
                                      const std::string& temporary) const {
  auto parent = directory(parts);
  if (!parent) return std::unexpected(std::move(parent).error());
  const int in = (*parent)->get();
  const std::string final(name);
  if (isDirectory(in, final)) return std::unexpected(inTheWay(shown(parts, name)));
  if (::symlinkat(target.c_str(), in, temporary.c_str()) != 0) {
    return std::unexpected(systemError(errno, "make", shown(parts, name)));
  }
  if (::renameat(in, temporary.c_str(), in, final.c_str()) != 0) {
    const int number = errno;
    ::unlinkat(in, temporary.c_str(), 0);
    return std::unexpected(systemError(number, "replace", shown(parts, name)));
  }
  return {};
}

}  // namespace mooring::detail
