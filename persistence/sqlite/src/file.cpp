#include "file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::sqlite {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unusable(const fs::path& path, const std::string& why) {
  return failure(Errc::storeFailed, "database " + path.string() + " " + why);
}

Result<void> makeDirectories(const fs::path& directory, const fs::path& file) {
  std::error_code ec;
  if (directory.empty() || fs::exists(directory, ec)) return {};
  if (auto above = makeDirectories(directory.parent_path(), file); !above) return above;
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return unusable(file, "cannot be made: directory " + directory.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<void> makeFile(const fs::path& path) {
  if (auto made = makeDirectories(path.parent_path(), path); !made) return made;
  // mknod and not open: closing a descriptor of a database that this process has open elsewhere would drop
  // that connection's locks, because POSIX locks belong to the process. SQLite gives -wal and -shm the mode
  // of this file.
  if (::mknod(path.c_str(), S_IFREG | S_IRUSR | S_IWUSR, 0) == 0 || errno == EEXIST) return {};
  return unusable(path, std::string("cannot be made: ") + std::strerror(errno));
}

Result<void> checkUsable(const fs::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0)
    return unusable(path, std::string("cannot be opened: ") + std::strerror(errno));
  if (S_ISDIR(facts.st_mode)) return unusable(path, "is a directory; name a file");
  if (!S_ISREG(facts.st_mode)) return unusable(path, "is not a regular file; name another");
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    return unusable(path,
                    std::string("cannot be read and written (") + std::strerror(errno) +
                        "); change its permissions, or name another file");
  }
  const auto directory = path.parent_path();
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return unusable(path,
                    "needs a writable directory for its -wal and -shm files, and " + directory.string() +
                        " is not: " + std::strerror(errno));
  }
  return {};
}

}  // namespace mooring::sqlite
