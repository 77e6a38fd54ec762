#include "interrupts.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace mooring::cli {
namespace {

// A signal handler has nothing but globals.
std::atomic<int> caught{0};
std::atomic<int> wake{-1};

extern "C" void onInterrupt(int number) {
  int none = 0;
  if (!caught.compare_exchange_strong(none, number)) ::_exit(128 + number);
  const int saved = errno;
  const std::uint64_t one = 1;
  const auto written = ::write(wake.load(), &one, sizeof one);
  static_cast<void>(written);
  errno = saved;
}

extern "C" void onBrokenPipe(int) {}  // write() says EPIPE.

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  wake = descriptor_;
  thread_ = std::thread([this] {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    while (::poll(&ready, 1, -1) < 0 && errno == EINTR) {
    }
    source_.request_stop();
  });
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // nohup and shells' background jobs ignore some; that is the caller's choice.
    struct sigaction before = {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) handle(number, onInterrupt);
  }
  handle(SIGPIPE, onBrokenPipe);
}

Interrupts::~Interrupts() {
  const std::uint64_t one = 1;
  const auto written = ::write(descriptor_, &one, sizeof one);
  static_cast<void>(written);
  thread_.join();
}

int Interrupts::signalNumber() const { return caught.load(); }

}  // namespace mooring::cli
