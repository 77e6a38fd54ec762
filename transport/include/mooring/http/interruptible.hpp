/// Waiting for work that must not simply stop when nobody waits for it any more.
#pragma once

#include <mooring/error.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <utility>

namespace mooring::http {

/// Calls `work->start(arguments..., done)` and goes on when `done` has been called, once, with a Result<T>.
/// Cancelling calls `work->interrupt()`; the end is still awaited. Threads: the loop's.
template <class T, class Work, class... Arguments>
boost::asio::awaitable<Result<T>> endOf(std::shared_ptr<Work> work, Arguments... arguments) {
  namespace asio = boost::asio;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
      [](auto handler, std::shared_ptr<Work> running, std::tuple<Arguments...> options) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
          slot.assign([weak = std::weak_ptr(running)](asio::cancellation_type type) {
            const auto self = weak.lock();
            if (self && type != asio::cancellation_type::none) self->interrupt();
          });
        }
        auto done = [handler = std::move(handler), slot](Result<T> end) mutable {
          if (slot.is_connected()) slot.clear();
          std::move(handler)(std::move(end));
        };
        std::apply([&](auto&&... each) { running->start(std::move(each)..., std::move(done)); },
                   std::move(options));
      },
      asio::use_awaitable,
      std::move(work),
      std::tuple<Arguments...>(std::move(arguments)...));
}

/// Completes a coroutine that nobody waits for, and keeps `owner` until then. For one whose cancellation slot
/// is its owner's: Asio looks at the slot once more when the coroutine itself, with what it holds, is gone.
template <class Owner>
auto keeping(std::shared_ptr<Owner> owner) {
  return [owner = std::move(owner)](const std::exception_ptr&) {};
}

}  // namespace mooring::http
