#include "output.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::cli {
namespace {

int descriptorOf(Stream stream) { return stream == Stream::out ? STDOUT_FILENO : STDERR_FILENO; }

/// After poll() has promised room, this much can be written without blocking.
std::size_t mostAtOnce(int descriptor) {
  struct stat info = {};
  const bool file = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  return file ? std::numeric_limits<std::size_t>::max() : std::size_t{PIPE_BUF};
}

}  // namespace

Output::Output(Interrupts& interrupts)
    : interrupts_(interrupts), mostOut_(mostAtOnce(STDOUT_FILENO)), mostErr_(mostAtOnce(STDERR_FILENO)) {}

bool Output::isTerminal(Stream stream) const { return ::isatty(descriptorOf(stream)) == 1; }

bool Output::write(Stream stream, std::string_view bytes) {
  if (stream == Stream::err) {
    const std::lock_guard lock(errMutex_);
    return writeAll(STDERR_FILENO, mostErr_, bytes);
  }
  const std::lock_guard lock(outMutex_);
  if (readerLeft_ || error_ != 0) return false;
  if (writeAll(STDOUT_FILENO, mostOut_, bytes)) return true;
  if (errno == EPIPE) {
    readerLeft_ = true;
  } else {
    error_ = errno;
  }
  interrupts_.stop();
  return false;
}

/// False: whatever there is to read from us, nobody will before we leave.
bool Output::awaitRoom(int descriptor) const {
  pollfd ready[2] = {{.fd = descriptor, .events = POLLOUT, .revents = 0},
                     {.fd = interrupts_.descriptor(), .events = POLLIN, .revents = 0}};
  while (::poll(ready, 2, -1) < 0 && errno == EINTR) {
  }
  return ready[0].revents != 0;
}

bool Output::writeAll(int descriptor, std::size_t most, std::string_view bytes) {
  while (!bytes.empty()) {
    if (!awaitRoom(descriptor)) return true;
    const auto written = ::write(descriptor, bytes.data(), std::min(bytes.size(), most));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Task<void> OutputFile::write(std::span<const std::byte> bytes) {
  if (output_.write(Stream::out, asText(bytes))) co_return Result<void>();
  if (output_.readerLeft()) co_return failure(Errc::cancelled, "the reader of standard output has left");
  co_return failure(Errc::unavailable,
                    std::string("cannot write standard output: ") + std::strerror(output_.error()));
}

}  // namespace mooring::cli
