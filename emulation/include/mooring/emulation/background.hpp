/// Work that goes on when the request that began it has lost its client.
#pragma once

#include <mooring/emulation/waiting.hpp>
#include <mooring/operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace mooring::emulation {

/// Work that has been begun.
template <class T>
class Pending {
 public:
  explicit Pending(const boost::asio::any_io_executor& loop) : done_(loop) {}

  /// Errors: those of the work; cancelled (the caller was: the work goes on).
  Task<T> result() {
    while (!result_) {
      auto woken = co_await done_.wait();
      if (!woken) co_return std::unexpected(std::move(woken).error());
    }
    co_return *result_;
  }

 private:
  friend class Background;
  void complete(Result<T> result) {
    result_.emplace(std::move(result));
    done_.notify();
  }

  std::optional<Result<T>> result_;
  Notice done_;
};

/// Threads: the loop. Lifetime: await drain() before dropping what the work refers to.
class Background : public std::enable_shared_from_this<Background> {
 public:
  explicit Background(boost::asio::any_io_executor loop) : loop_(std::move(loop)), idle_(loop_) {}

  /// Runs `work` to its end, whatever becomes of the caller.
  template <class T>
  std::shared_ptr<Pending<T>> begin(Task<T> work) {
    auto pending = std::make_shared<Pending<T>>(loop_);
    ++running_;
    auto done = [self = shared_from_this(), pending](std::exception_ptr problem, Result<T> result) {
      if (problem) result = failure(Errc::internal, "unexpected exception in an emulator");
      pending->complete(std::move(result));
      if (--self->running_ == 0) self->idle_.notify();
    };
    boost::asio::co_spawn(loop_, std::move(work), std::move(done));
    return pending;
  }

  /// Until nothing is left.
  Task<void> drain() {
    while (running_ > 0) {
      auto woken = co_await idle_.wait();
      if (!woken) co_return woken;
    }
    co_return Result<void>();
  }

 private:
  boost::asio::any_io_executor loop_;
  std::size_t running_ = 0;
  Notice idle_;
};

using BackgroundPtr = std::shared_ptr<Background>;

}  // namespace mooring::emulation
