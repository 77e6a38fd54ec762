/// Waiting in handlers, so that a client that leaves ends the wait.
#pragma once

#include <mooring/operation.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace mooring::emulation {

/// Whether the coroutine that asks has been cancelled.
boost::asio::awaitable<bool> wasCancelled();

/// Errors: cancelled.
Task<void> sleepFor(std::chrono::milliseconds duration);

/// Wakes all that wait. Threads: the loop.
class Notice {
 public:
  explicit Notice(const boost::asio::any_io_executor& loop)
      : timer_(loop, boost::asio::steady_timer::time_point::max()) {}
  /// Returns at the next notify(). Errors: cancelled.
  Task<void> wait();
  void notify() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;  ///< Never fires.
};

namespace detail {

/// Ties a task's cancellation to a timer and to that of the coroutine that awaits it.
struct Leash {
  boost::asio::cancellation_signal cancel;
  boost::asio::steady_timer timer;
  bool ended = false;
  bool late = false;

  explicit Leash(const boost::asio::any_io_executor& loop) : timer(loop) {}
};

void holdFor(const std::shared_ptr<Leash>& leash, std::chrono::milliseconds patience);

template <class T>
boost::asio::awaitable<Result<T>> calmly(Task<T> task) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(task);
}

}  // namespace detail

/// What became of a task under a time limit.
template <class T>
struct Limited {
  Result<T> result;
  bool late = false;  ///< The limit passed, and the task was cancelled because of it.
};

/// `task`, cancelled after `patience` (zero: never) and when the awaiting coroutine is.
template <class T>
boost::asio::awaitable<Limited<T>> within(Task<T> task, std::chrono::milliseconds patience) {
  namespace asio = boost::asio;
  const auto loop = co_await asio::this_coro::executor;
  const auto state = co_await asio::this_coro::cancellation_state;
  auto leash = std::make_shared<detail::Leash>(loop);
  auto slot = state.slot();
  if (slot.is_connected()) {
    slot.assign([leash](asio::cancellation_type type) {
      if (!leash->ended && type != asio::cancellation_type::none) leash->cancel.emit(type);
    });
  }
  if (patience.count() > 0) detail::holdFor(leash, patience);
  auto calm = detail::calmly<T>(std::move(task));
  auto token = asio::bind_cancellation_slot(leash->cancel.slot(), asio::use_awaitable);
  auto result = co_await asio::co_spawn(loop, std::move(calm), token);
  leash->ended = true;
  leash->timer.cancel();
  if (slot.is_connected()) slot.clear();
  co_return Limited<T>{std::move(result), leash->late};
}

namespace detail {

template <class T>
struct Steady {
  explicit Steady(const boost::asio::any_io_executor& loop) : done(loop) {}
  std::optional<Result<T>> result = {};
  Notice done;
};

template <class T>
boost::asio::awaitable<void> runSteadily(std::shared_ptr<Steady<T>> steady, Task<T> task) {
  steady->result = co_await std::move(task);
  steady->done.notify();
}

}  // namespace detail

/// `task`, which goes on to its end even if the awaiting coroutine is cancelled: what a server has begun, it
/// finishes, whether its client waits or not.
template <class T>
Task<T> steadily(Task<T> task) {
  const auto loop = co_await boost::asio::this_coro::executor;
  auto steady = std::make_shared<detail::Steady<T>>(loop);
  auto running = detail::runSteadily<T>(steady, std::move(task));
  boost::asio::co_spawn(loop, std::move(running), boost::asio::detached);
  while (!steady->result) {
    auto woken = co_await steady->done.wait();
    if (!woken) co_return std::unexpected(std::move(woken).error());
  }
  co_return std::move(*steady->result);
}

}  // namespace mooring::emulation
