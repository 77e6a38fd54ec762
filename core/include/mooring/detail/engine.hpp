// The loop behind a service, and how a lazy body is put on it. Private: the API is in mooring/operation.hpp.
#pragma once

#include <mooring/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace mooring::detail {

/// One loop thread and a few threads for what blocks. No handler may own it: work refers to it by executor
/// only, and the last handle that drops it ends the loop (on a thread of its own when that happens on the
/// loop itself).
class Engine;

std::shared_ptr<Engine> makeEngine();
bool onLoopThread(const Engine& engine);
boost::asio::any_io_executor loopOf(Engine& engine);
/// For databases: one thread, so that commits of one service queue up instead of contending.
boost::asio::any_io_executor storeThreadOf(Engine& engine);
/// For files.
boost::asio::any_io_executor blockingThreadsOf(Engine& engine);

/// Lets the holder of a running operation ask it to stop. Threads: any.
class Canceller {
 public:
  virtual ~Canceller() = default;
  virtual void cancel() = 0;
};

/// Runs `body` on the loop under the given limits; `done` is called there once with null, or with the reason
/// why the limits ended it. Non-template, so that each Operation<T> adds little code.
std::shared_ptr<Canceller> launchErased(Engine& engine,
                                        std::optional<std::chrono::steady_clock::time_point> deadline,
                                        std::stop_token stopToken,
                                        std::move_only_function<boost::asio::awaitable<void>()> body,
                                        std::move_only_function<void(std::optional<Error>)> done);

/// A promise that is always kept: dropped without a value, it says `cancelled`.
template <class T>
class Fulfilled {
 public:
  Fulfilled() = default;
  Fulfilled(const Fulfilled&) = delete;
  Fulfilled& operator=(const Fulfilled&) = delete;
  ~Fulfilled() {
    set(std::unexpected(makeError(Errc::cancelled, "the service was closed before this had ended")));
  }

  std::future<Result<T>> future() { return promise_.get_future(); }
  void set(Result<T> result) {
    if (!std::exchange(set_, true)) promise_.set_value(std::move(result));
  }

 private:
  std::promise<Result<T>> promise_;
  bool set_ = false;
};

/// A limit turns errors that came of it (and interrupted waits) into its own; a result that was reached
/// stands.
template <class T>
Result<T> underLimit(std::optional<Result<T>> result, std::optional<Error> limit) {
  if (!result) {
    if (limit) return std::unexpected(std::move(*limit));
    return std::unexpected(makeError(Errc::internal, "an operation ended without a result"));
  }
  if (limit && !*result) {
    Error& error = result->error();
    if (error.code == Errc::cancelled || error.code == Errc::deadlineExceeded) {
      limit->partial = error.partial;
      limit->operation = error.operation;
      return std::unexpected(std::move(*limit));
    }
  }
  return std::move(*result);
}

template <class T>
std::shared_ptr<Canceller> launch(Engine& engine,
                                  std::optional<std::chrono::steady_clock::time_point> deadline,
                                  std::stop_token stopToken,
                                  std::move_only_function<boost::asio::awaitable<Result<T>>()> body,
                                  std::move_only_function<void(Result<T>)> done) {
  auto slot = std::make_shared<std::optional<Result<T>>>();
  auto erased = [body = std::move(body), slot]() mutable -> boost::asio::awaitable<void> {
    slot->emplace(co_await body());
  };
  auto finish = [done = std::move(done), slot](std::optional<Error> limit) mutable {
    done(underLimit<T>(std::move(*slot), std::move(limit)));
  };
  return launchErased(engine, deadline, std::move(stopToken), std::move(erased), std::move(finish));
}

/// `launch` for an arbitrary completion handler: it is completed on its own executor, and its cancellation is
/// ours.
template <class T, class Handler>
void launchFor(std::shared_ptr<Engine> engine,
               std::optional<std::chrono::steady_clock::time_point> deadline,
               std::stop_token stopToken,
               std::move_only_function<boost::asio::awaitable<Result<T>>()> body,
               Handler handler) {
  namespace asio = boost::asio;
  auto executor = asio::prefer(asio::get_associated_executor(handler, loopOf(*engine)),
                               asio::execution::outstanding_work.tracked);
  auto slot = asio::get_associated_cancellation_slot(handler);
  auto shared = std::make_shared<Handler>(std::move(handler));
  auto complete = [shared, executor, slot](Result<T> result) mutable {
    asio::dispatch(executor, [shared, slot, result = std::move(result)]() mutable {
      if (slot.is_connected()) slot.clear();
      auto own = std::move(*shared);
      std::move(own)(std::move(result));
    });
  };
  if (!body) return complete(failure(Errc::invalidArgument, "an Operation can be used only once"));
  auto canceller = launch<T>(*engine, deadline, std::move(stopToken), std::move(body), std::move(complete));
  if (slot.is_connected()) {
    // The awaiting coroutine keeps the engine alive through its own frame, not through this handler.
    slot.assign([canceller = std::move(canceller)](asio::cancellation_type type) {
      if (type != asio::cancellation_type::none) canceller->cancel();
    });
  }
}

}  // namespace mooring::detail
