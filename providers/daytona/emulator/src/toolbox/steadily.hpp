// Work that goes on when the client that asked for it has left.
#pragma once

#include <mooring/emulation/waiting.hpp>
#include <mooring/operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace mooring::daytona::emulator {

namespace detail {

template <class T>
struct Steady {
  explicit Steady(const boost::asio::any_io_executor& loop) : done(loop) {}
  std::optional<Result<T>> result = {};
  emulation::Notice done;
};

template <class T>
boost::asio::awaitable<void> finishSteadily(std::shared_ptr<Steady<T>> state, Task<T> task) {
  state->result = co_await std::move(task);
  state->done.notify();
}

}  // namespace detail

/// Awaits `task`, which runs to its end even if the awaiting coroutine is cancelled.
template <class T>
Task<T> steadily(boost::asio::any_io_executor loop, Task<T> task) {
  auto state = std::make_shared<detail::Steady<T>>(loop);
  boost::asio::co_spawn(loop, detail::finishSteadily<T>(state, std::move(task)), boost::asio::detached);
  while (!state->result) {
    auto woken = co_await state->done.wait();
    if (!woken) co_return std::unexpected(std::move(woken).error());
  }
  co_return std::move(*state->result);
}

}  // namespace mooring::daytona::emulator
