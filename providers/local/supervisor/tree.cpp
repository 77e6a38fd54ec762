#include "tree.hpp"

#include "detail/remove_tree.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mooring::local {

namespace {

constexpr mode_t permissionBits = 07777;
constexpr int maxLinks = 40;

std::string procPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::string_view withoutTrailingSlashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  return path;
}

int readLink(int directory, const std::string& name, std::string& target) {
  char buffer[4096];
  const ssize_t size = ::readlinkat(directory, name.c_str(), buffer, sizeof buffer);
  if (size < 0) return errno;
  target.assign(buffer, static_cast<std::size_t>(size));
  return 0;
}

void describe(const struct stat& status, protocol::Entry& entry) {
  entry.type = S_ISREG(status.st_mode)   ? protocol::EntryType::file
               : S_ISDIR(status.st_mode) ? protocol::EntryType::directory
               : S_ISLNK(status.st_mode) ? protocol::EntryType::symlink
                                         : protocol::EntryType::other;
  entry.size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  entry.mode = status.st_mode & permissionBits;
  entry.modifiedMs = static_cast<std::uint64_t>(std::int64_t{status.st_mtim.tv_sec} * 1000 +
                                                status.st_mtim.tv_nsec / 1'000'000);
}

int ensureDirectory(const Tree& tree, const std::string& path, mode_t mode) {
  const Descriptor present(tree.open(path, O_PATH | O_DIRECTORY));
  if (present) return 0;
  if (errno != ENOENT) return errno == ENOTDIR ? EEXIST : errno;

  Descriptor parent;
  std::string name;
  int error = tree.parentOf(path, parent, name);
  if (error == ENOENT) {
    const std::string above(withoutTrailingSlashes(path));
    const std::size_t slash = above.rfind('/');
    if (slash == std::string::npos || slash == 0) return ENOENT;
    error = ensureDirectory(tree, above.substr(0, slash), 0755);
    if (error == 0) error = tree.parentOf(path, parent, name);
  }
  if (error != 0) return error == ENOTDIR ? EEXIST : error;
  if (::mkdirat(parent.get(), name.c_str(), mode) != 0) {
    if (errno != EEXIST) return errno;
    const Descriptor other(tree.open(path, O_PATH | O_DIRECTORY));  // Somebody else made it meanwhile.
    return other ? 0 : EEXIST;
  }
  return ::fchmodat(parent.get(), name.c_str(), mode, 0) == 0 ? 0 : errno;
}

}  // namespace

std::string Tree::inside(std::string_view path) const {
  if (path.empty() || path.front() != '/') return home_ + "/" + std::string(path);
  for (const auto& alias : aliases_) {
    if (path.starts_with(alias) && (path.size() == alias.size() || path[alias.size()] == '/')) {
      return "/" + std::string(path.substr(alias.size()));
    }
  }
  return std::string(path);
}

int Tree::open(const std::string& path, int flags, mode_t mode) const {
  if (path.find('\0') != std::string::npos) {
    errno = EINVAL;
    return -1;
  }
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const std::string resolved = inside(path);
  long fd = -1;
  // EAGAIN: something was renamed while ".." was resolved.
  for (int attempt = 0; attempt < 100; ++attempt) {
    fd = ::syscall(SYS_openat2, root_.get(), resolved.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(fd);
}

int Tree::parentOf(const std::string& path, Descriptor& directory, std::string& name) const {
  const std::string_view trimmed = withoutTrailingSlashes(path);
  const std::size_t slash = trimmed.rfind('/');
  name = trimmed.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (name.empty() || name == "." || name == "..") return trimmed == "/" ? EBUSY : EINVAL;
  std::string above;
  if (slash != std::string_view::npos) above = slash == 0 ? "/" : trimmed.substr(0, slash);
  directory.reset(open(above, O_PATH | O_DIRECTORY));
  if (!directory) return errno;
  const bool isAlias = inside(trimmed) == "/" || inside(trimmed) == home_;
  return isAlias ? EBUSY : 0;
}

int Upload::begin(const Tree& tree, const std::string& path, std::uint32_t mode) {
  std::string target = path;
  if (!target.empty() && target.back() == '/') return EISDIR;
  for (int links = 0;; ++links) {
    if (links == maxLinks) return ELOOP;
    int error = tree.parentOf(target, directory_, name_);
    const std::size_t slash = target.rfind('/');
    if (error == ENOENT && slash != std::string::npos && slash > 0) {
      error = ensureDirectory(tree, target.substr(0, slash), 0755);
      if (error == 0) error = tree.parentOf(target, directory_, name_);
    }
    if (error != 0) return error == EBUSY ? EISDIR : error;
    std::string link;
    if (readLink(directory_.get(), name_, link) != 0) break;
    // Written through the symlink, as any program would.
    if (!link.starts_with('/') && slash != std::string::npos) link = target.substr(0, slash + 1) + link;
    target = link;
  }

  struct stat old = {};
  const bool exists = ::fstatat(directory_.get(), name_.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && S_ISDIR(old.st_mode)) return EISDIR;
  const mode_t kept = exists && S_ISREG(old.st_mode) ? old.st_mode & permissionBits : 0644;
  mode_ = mode == protocol::noMode ? kept : mode & permissionBits;

  file_.reset(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (file_ || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file_ ? 0 : errno;
  static unsigned counter = 0;
  temporary_ = ".mooring-" + std::to_string(::getpid()) + "-" + std::to_string(++counter) + ".part";
  file_.reset(::openat(directory_.get(), temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (file_) return 0;
  temporary_.clear();
  return errno;
}

int Upload::commit() {
  if (::fchmod(file_.get(), mode_) != 0) return errno;
  if (temporary_.empty()) {
    // An unnamed file cannot replace another one, so it first gets a name that nobody has.
    static unsigned counter = 0;
    std::string name;
    do {
      name = ".mooring-" + std::to_string(::getpid()) + "-" + std::to_string(++counter) + ".done";
    } while (
        ::linkat(
            AT_FDCWD, procPath(file_.get()).c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) !=
            0 &&
        errno == EEXIST);
    temporary_ = name;
  }
  if (::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) return errno;
  temporary_.clear();
  return 0;
}

Upload::~Upload() {
  if (!temporary_.empty()) ::unlinkat(directory_.get(), temporary_.c_str(), 0);
}

int statEntry(const Tree& tree, const std::string& path, protocol::Entry& entry) {
  const Descriptor thing(tree.open(path, O_PATH | O_NOFOLLOW));
  struct stat status = {};
  if (!thing || ::fstat(thing.get(), &status) != 0) return errno;
  describe(status, entry);
  const std::string_view trimmed = withoutTrailingSlashes(path);
  entry.name = trimmed == "/" ? trimmed : trimmed.substr(trimmed.rfind('/') + 1);
  return S_ISLNK(status.st_mode) ? readLink(thing.get(), "", entry.linkTarget) : 0;
}

int listDirectory(const Tree& tree,
                  const std::string& path,
                  const std::function<void(const protocol::Entry&)>& onEntry) {
  const Descriptor directory(tree.open(path, O_RDONLY | O_DIRECTORY));
  if (!directory) return errno;
  std::vector<std::string> names;
  if (const int error = namesIn(directory.get(), names); error != 0) return error;
  for (auto& name : names) {
    struct stat status = {};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;  // Removed meanwhile.
    protocol::Entry entry;
    describe(status, entry);
    if (S_ISLNK(status.st_mode) && readLink(directory.get(), name, entry.linkTarget) != 0) continue;
    entry.name = std::move(name);
    onEntry(entry);
  }
  return 0;
}

int openForReading(const Tree& tree, const std::string& path, Descriptor& file, std::uint64_t& size) {
  // Without O_NONBLOCK a FIFO would hold up every other request.
  file.reset(tree.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EINVAL;
  size = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int makeDirectory(const Tree& tree, const std::string& path, mode_t mode) {
  return ensureDirectory(tree, path, mode & permissionBits);
}

int removeFile(const Tree& tree, const std::string& path) {
  Descriptor parent;
  std::string name;
  if (const int error = tree.parentOf(path, parent, name); error != 0) return error;
  return ::unlinkat(parent.get(), name.c_str(), 0) == 0 ? 0 : errno;
}

int removeTree(const Tree& tree, const std::string& path) {
  Descriptor parent;
  std::string name;
  if (const int error = tree.parentOf(path, parent, name); error != 0) return error;
  return removeTreeAt(parent.get(), name);
}

int renamePath(const Tree& tree, const std::string& from, const std::string& to) {
  Descriptor fromParent;
  Descriptor toParent;
  std::string fromName;
  std::string toName;
  if (const int error = tree.parentOf(from, fromParent, fromName); error != 0) return error;
  if (const int error = tree.parentOf(to, toParent, toName); error != 0) return error;
  return ::renameat(fromParent.get(), fromName.c_str(), toParent.get(), toName.c_str()) == 0 ? 0 : errno;
}

int moveAcross(const Tree& tree, const std::string& from, const std::string& to) {
  Descriptor fromParent;
  Descriptor toParent;
  std::string fromName;
  std::string toName;
  if (const int error = tree.parentOf(from, fromParent, fromName); error != 0) return error;
  if (const int error = tree.parentOf(to, toParent, toName); error != 0) return error;
  const pid_t mover = ::fork();
  if (mover < 0) return errno;
  if (mover == 0) {
    // By descriptors: a path could be made to mean another place while mv runs.
    const std::string source = procPath(fromParent.get()) + "/" + fromName;
    const std::string target = procPath(toParent.get()) + "/" + toName;
    ::fcntl(fromParent.get(), F_SETFD, 0);
    ::fcntl(toParent.get(), F_SETFD, 0);
    ::execl("/usr/bin/mv", "mv", "-fT", "--", source.c_str(), target.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(mover, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EXDEV;
}

int setMode(const Tree& tree, const std::string& path, mode_t mode) {
  const Descriptor thing(tree.open(path, O_PATH));
  if (!thing) return errno;
  return ::chmod(procPath(thing.get()).c_str(), mode & permissionBits) == 0 ? 0 : errno;
}

}  // namespace mooring::local
