/// Lazy units of work: nothing happens until .get(), co_await or .start().
#pragma once

#include <mooring/detail/engine.hpp>
#include <mooring/error.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace mooring {

/// What coroutines inside mooring and its providers return. Awaiting it yields a Result; it does not throw.
template <class T>
using Task = boost::asio::awaitable<Result<T>>;

/// Limits of one call. Both reach the work itself: a running command is killed, a transfer is closed.
struct CallOptions {
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  std::stop_token stopToken = {};
  /// The caller's word that doing it twice does no harm: allows mooring to repeat what may already have
  /// happened.
  bool idempotent = false;

  /// Options whose deadline is `duration` from now.
  static CallOptions within(std::chrono::milliseconds duration) {
    CallOptions call;
    call.deadline = std::chrono::steady_clock::now() + duration;
    return call;
  }
};

/// One unit of work, used once. Dropped unused, it did nothing.
///
/// Await it as an rvalue in any Boost.Asio coroutine: `auto result = co_await sandbox.run(command);` (with
/// g++ 12, name the arguments first; no `{…}` inside the statement). The caller's coroutine goes on on its
/// own executor. Cancelling an awaiting coroutine cancels the work.
///
/// Threads: hand it to one thread. Lifetime: keeps all it needs alive; handles and service may be dropped
/// first.
template <class T>
class [[nodiscard]] Operation {
 public:
  using Body = std::move_only_function<Task<T>()>;

  /// `body` runs on the engine's loop under `call`'s deadline and stop token. For mooring's own code and for
  /// providers.
  Operation(std::shared_ptr<detail::Engine> engine, CallOptions call, Body body)
      : engine_(std::move(engine)), call_(std::move(call)), body_(std::move(body)) {}

  Operation(Operation&&) noexcept = default;
  Operation& operator=(Operation&&) noexcept = default;

  /// Runs it and blocks until it has ended.
  /// Errors: those of the operation; invalidArgument when called on mooring's own loop thread (it would wait
  /// for itself), or a second time.
  Result<T> get() {
    if (engine_ && detail::onLoopThread(*engine_)) {
      return failure(
          Errc::invalidArgument,
          "get() was called on mooring's loop thread and would wait for itself: co_await the operation "
          "there, or call get() on another thread");
    }
    // The engine is held here: after start() only the pending work refers to it, and work never owns its
    // loop.
    const auto engine = engine_;
    return start().get();
  }

  /// Runs it in the background. The future is always fulfilled, at the latest (with `cancelled`) when the
  /// last handle of the service goes away; it never throws.
  std::future<Result<T>> start() {
    auto promise = std::make_shared<detail::Fulfilled<T>>();
    auto future = promise->future();
    launch([promise](Result<T> result) { promise->set(std::move(result)); });
    return future;
  }

  /// Runs it under any Boost.Asio completion token with the signature void(Result<T>). `co_await` uses this.
  template <boost::asio::completion_token_for<void(Result<T>)> Token>
  auto operator()(Token&& token) && {
    return boost::asio::async_initiate<Token, void(Result<T>)>(
        [operation = std::move(*this)](auto handler) mutable {
          detail::launchFor<T>(std::move(operation.engine_),
                               operation.call_.deadline,
                               operation.call_.stopToken,
                               std::move(operation.body_),
                               std::move(handler));
        },
        token);
  }

 private:
  void launch(std::move_only_function<void(Result<T>)> done) {
    if (!engine_ || !body_) return done(failure(Errc::invalidArgument, "an Operation can be used only once"));
    detail::launch<T>(
        *engine_, call_.deadline, call_.stopToken, std::exchange(body_, nullptr), std::move(done));
    engine_.reset();
  }

  std::shared_ptr<detail::Engine> engine_;
  CallOptions call_;
  Body body_;
};

}  // namespace mooring
