#include "stdin_source.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace asio = boost::asio;

namespace mooring::cli {
namespace {

constexpr std::size_t bufferSize = std::size_t{64} << 10;

/// What the reading thread and the coroutine share. After the thread has been started, all but `quit` is
/// touched on the loop only, by the coroutine and by what the thread posts there.
struct Shared {
  Shared(const asio::any_io_executor& loop, int quitDescriptor) : arrived(loop), quit(quitDescriptor) {}
  ~Shared() { ::close(quit); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  asio::steady_timer arrived;  ///< Cancelled when the thread has brought something.
  std::string bytes;
  bool ended = false;
  int error = 0;
  int quit;
};

void deliver(const std::shared_ptr<Shared>& shared, std::string bytes, int error) {
  asio::post(shared->arrived.get_executor(), [shared, bytes = std::move(bytes), error]() mutable {
    shared->ended = bytes.empty();
    shared->error = error;
    shared->bytes = std::move(bytes);
    shared->arrived.cancel();
  });
}

void readOnce(const std::shared_ptr<Shared>& shared) {
  pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                     {.fd = shared->quit, .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(ready, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return deliver(shared, {}, errno);
    }
    if (ready[1].revents != 0) return;
    std::string bytes(bufferSize, '\0');
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return deliver(shared, {}, errno);
    bytes.resize(static_cast<std::size_t>(count));
    return deliver(shared, std::move(bytes), 0);
  }
}

class StdinSource final : public ByteSource {
 public:
  StdinSource() = default;
  StdinSource(const StdinSource&) = delete;
  StdinSource& operator=(const StdinSource&) = delete;

  ~StdinSource() override {
    if (!shared_) return;
    const std::uint64_t one = 1;
    const auto written = ::write(shared_->quit, &one, sizeof one);
    static_cast<void>(written);
    if (thread_.joinable()) thread_.join();
  }

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    if (buffer.empty()) co_return std::size_t{0};
    const auto loop = co_await asio::this_coro::executor;
    if (!shared_) shared_ = std::make_shared<Shared>(loop, ::eventfd(0, EFD_CLOEXEC));
    auto& shared = *shared_;
    while (shared.bytes.empty() && !shared.ended) {
      if (!reading_) {
        // One thread for each buffer is cheap beside the trip to a sandbox, and leaves nothing to hand over.
        if (thread_.joinable()) thread_.join();
        reading_ = true;
        thread_ = std::thread([keep = shared_] { readOnce(keep); });
      }
      shared.arrived.expires_at(std::chrono::steady_clock::time_point::max());
      boost::system::error_code ec;
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      co_await shared.arrived.async_wait(token);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none)
        co_return failure(Errc::cancelled, "interrupted");
    }
    reading_ = false;
    if (shared.error != 0) {
      co_return failure(Errc::unavailable,
                        std::string("cannot read standard input: ") + std::strerror(shared.error));
    }
    const auto count = std::min(buffer.size(), shared.bytes.size());
    std::memcpy(buffer.data(), shared.bytes.data(), count);
    shared.bytes.erase(0, count);
    co_return count;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
  bool reading_ = false;
};

}  // namespace

std::shared_ptr<ByteSource> makeStdinSource() { return std::make_shared<StdinSource>(); }

Result<std::string> readStdin(const Interrupts& interrupts) {
  std::string out;
  std::array<char, bufferSize> buffer{};
  pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                     {.fd = interrupts.descriptor(), .events = POLLIN, .revents = 0}};
  while (true) {
    ssize_t count = ::poll(ready, 2, -1);
    if (count > 0 && ready[1].revents != 0)
      return failure(Errc::cancelled, "interrupted while reading standard input");
    if (count > 0) count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) {
      return failure(Errc::invalidArgument,
                     std::string("cannot read standard input: ") + std::strerror(errno));
    }
    if (count == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace mooring::cli
