#include "pipes.hpp"

#include "errors.hpp"

#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace mooring::local {

Result<Pipe> makePipe(OurEnd ours) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return systemFailure(errno, "cannot make a pipe for a command");
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  ::fcntl(ours == OurEnd::read ? ends[0] : ends[1], F_SETFL, O_NONBLOCK);
  return pipe;
}

ssize_t writeQuietly(int fd, std::span<const std::byte> bytes) {
  sigset_t brokenPipe;
  sigset_t before;
  ::sigemptyset(&brokenPipe);
  ::sigaddset(&brokenPipe, SIGPIPE);
  sigset_t pending;
  ::sigpending(&pending);
  const bool wasPending = ::sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &brokenPipe, &before);
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  if (written < 0 && error == EPIPE && !wasPending) {
    const timespec now = {};
    while (::sigtimedwait(&brokenPipe, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

}  // namespace mooring::local
