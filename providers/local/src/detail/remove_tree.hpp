// Deletes a directory with all in it, without following a symlink and without recursion deeper than the stack
// bears. Shared with the supervisor.
#pragma once

#include "detail/descriptor.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace mooring::local {

/// The entries of an open directory, without "." and "..". Returns an errno.
inline int namesIn(int directory, std::vector<std::string>& names) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return errno;
  DIR* stream = ::fdopendir(copy);
  if (stream == nullptr) {
    const int error = errno;
    ::close(copy);
    return error;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  return error;
}

/// Removes what `name` in `parent` is: a directory with all in it, or anything else. Returns an errno.
inline int removeTreeAt(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;

  // One open directory per level; a frame's names are removed from its back.
  struct Level {
    Descriptor directory;
    std::string name;
    std::vector<std::string> names;
  };
  std::vector<Level> levels;
  const auto enter = [&levels](int in, const std::string& what) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::openat(in, what.c_str(), flags);
    if (fd < 0 && errno == EACCES && ::fchmodat(in, what.c_str(), S_IRWXU, 0) == 0)
      fd = ::openat(in, what.c_str(), flags);
    if (fd < 0) return errno;
    Level level{Descriptor(fd), what, {}};
    ::fchmod(fd, S_IRWXU);  // Its owner may have taken the right to write from himself.
    if (const int error = namesIn(fd, level.names); error != 0) return error;
    levels.push_back(std::move(level));
    return 0;
  };

  if (const int error = enter(parent, name); error != 0) return error;
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.names.empty()) {
      const int above = levels.size() > 1 ? levels[levels.size() - 2].directory.get() : parent;
      if (::unlinkat(above, level.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return errno;
      levels.pop_back();
      continue;
    }
    const std::string next = std::move(level.names.back());
    level.names.pop_back();
    if (::unlinkat(level.directory.get(), next.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return errno;
    if (const int error = enter(level.directory.get(), next); error != 0 && error != ENOENT) return error;
  }
  return 0;
}

}  // namespace mooring::local
