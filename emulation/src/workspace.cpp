#include "workspace.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace mooring::emulation {

namespace fs = std::filesystem;

namespace {

constexpr const char* prefix = "mooring-emulator-";
constexpr const char* lockName = "emulator.lock";

/// Held by this process alone; -1 when it cannot be. Programs that it starts do not inherit it.
int lockedFile(const fs::path& file, int flags) {
  const int descriptor = ::open(file.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return -1;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int why = errno;
  ::close(descriptor);
  errno = why;
  return -1;
}

/// Not somebody else's, and not a link to another place: temporary directories are open to everybody.
bool isOurs(const fs::path& directory) {
  struct stat facts = {};
  return ::lstat(directory.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid();
}

/// Whether the file still has its name: whoever held it before may have removed it.
bool isNamed(int descriptor) {
  struct stat facts = {};
  return ::fstat(descriptor, &facts) == 0 && facts.st_nlink > 0;
}

std::unexpected<Error> cannotMake(const std::string& why) {
  return failure(Errc::unavailable,
                 "no temporary directory can be made for the emulator's sandboxes (" + why + "): name one");
}

}  // namespace

Result<Workspace> Workspace::makeTemporary() {
  std::error_code problem;
  std::string name = (fs::temp_directory_path(problem) / prefix).string() + "XXXXXX";
  if (problem || ::mkdtemp(name.data()) == nullptr)
    return cannotMake(problem ? problem.message() : std::strerror(errno));
  // The lock gets its name once it is held: nobody finds it free before.
  const auto unnamed = fs::path(name) / "emulator.lock.new";
  Workspace made(name, lockedFile(unnamed, O_CREAT | O_EXCL), true);
  if (made.lock_ < 0) return cannotMake("its lock cannot be made");
  fs::rename(unnamed, fs::path(name) / lockName, problem);
  if (problem) return cannotMake(problem.message());
  return made;
}

Result<Workspace> Workspace::take(const fs::path& directory) {
  std::error_code problem;
  fs::create_directories(directory, problem);
  if (problem) {
    return failure(Errc::invalidArgument,
                   "the directory " + directory.string() + " cannot be made: " + problem.message());
  }
  const int lock = lockedFile(directory / lockName, O_CREAT);
  if (lock >= 0) return Workspace(directory, lock, false);
  if (errno == EWOULDBLOCK) {
    return failure(
        Errc::conflict,
        "another emulator keeps its sandboxes in " + directory.string() + ": name another directory");
  }
  return failure(Errc::invalidArgument,
                 "the directory " + directory.string() + " cannot be used: " + std::strerror(errno));
}

std::optional<Workspace> Workspace::takeAbandoned(const fs::path& directory) {
  if (!isOurs(directory)) return std::nullopt;
  const int lock = lockedFile(directory / lockName, 0);
  if (lock < 0) return std::nullopt;
  Workspace taken(directory, lock, true);
  if (isNamed(lock)) return taken;
  taken.keep();
  return std::nullopt;
}

std::vector<Workspace> Workspace::abandoned() {
  std::vector<Workspace> all;
  std::error_code problem;
  const auto place = fs::temp_directory_path(problem);
  for (fs::directory_iterator at(place, problem), end; !problem && at != end; at.increment(problem)) {
    if (!at->path().filename().string().starts_with(prefix)) continue;
    if (auto taken = takeAbandoned(at->path())) all.push_back(std::move(*taken));
  }
  return all;
}

Workspace::Workspace(Workspace&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      temporary_(std::exchange(other.temporary_, false)) {}

Workspace& Workspace::operator=(Workspace&& other) noexcept {
  if (this == &other) return *this;
  drop();
  path_ = std::move(other.path_);
  lock_ = std::exchange(other.lock_, -1);
  temporary_ = std::exchange(other.temporary_, false);
  return *this;
}

Workspace::~Workspace() { drop(); }

void Workspace::drop() {
  std::error_code ignored;
  if (temporary_) fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace mooring::emulation
