#include "lock.hpp"

#include <mooring/blocking.hpp>

#include "errors.hpp"
#include "waiting.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::local {

Result<std::optional<Lock>> Lock::tryTake(const Layout& layout, const std::string& name) {
  if (auto made = makeDirectories(layout.locks()); !made) return std::unexpected(std::move(made).error());
  Lock lock;
  lock.path_ = layout.locks() / (name + ".lock");
  while (true) {
    lock.file_.reset(::open(lock.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.file_) return systemFailure(errno, "cannot open " + lock.path_.string());
    if (::flock(lock.file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::optional<Lock>();
      return systemFailure(errno, "cannot lock " + lock.path_.string());
    }
    // Whoever held it may have deleted the file; then another one of that name is the lock.
    struct stat held = {};
    struct stat named = {};
    if (::fstat(lock.file_.get(), &held) == 0 && ::stat(lock.path_.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
      return std::optional<Lock>(std::move(lock));
    }
  }
}

void Lock::removeFile() { ::unlink(path_.c_str()); }

Task<Lock> takeLock(SitePtr site, std::string name) {
  // Asked again and again, because a thread that waits in flock() can neither be cancelled nor spared: there
  // are few.
  constexpr std::chrono::milliseconds longestPause(20);
  for (std::chrono::milliseconds pause(1);; pause = std::min(pause * 2, longestPause)) {
    auto attempt = [site, name] { return Lock::tryTake(site->layout, name); };
    auto lock = co_await runBlocking(site->context.blocking, std::move(attempt));
    if (!lock) co_return std::unexpected(std::move(lock).error());
    if (*lock) co_return std::move(**lock);
    auto waited = co_await sleepFor(pause);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
}

}  // namespace mooring::local
