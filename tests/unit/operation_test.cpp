#include <mooring/blocking.hpp>
#include <mooring/operation.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace asio = boost::asio;
using namespace mooring;

namespace {

/// Waits until it is interrupted, and tells `entered` when it has begun to.
Task<int> untilInterrupted(std::shared_ptr<std::promise<void>> entered,
                           std::shared_ptr<std::atomic<bool>> interrupted) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  entered->set_value();
  co_await timer.async_wait(token);
  *interrupted = static_cast<bool>(ec);
  co_return failure(Errc::cancelled, "interrupted");
}

struct Endless {
  std::shared_ptr<std::promise<void>> entered = std::make_shared<std::promise<void>>();
  std::shared_ptr<std::atomic<bool>> interrupted = std::make_shared<std::atomic<bool>>(false);

  Operation<int> operation(std::shared_ptr<detail::Engine> engine, CallOptions call = CallOptions()) {
    return {std::move(engine), std::move(call), [entered = entered, interrupted = interrupted] {
              return untilInterrupted(entered, interrupted);
            }};
  }
  void waitUntilEntered() { entered->get_future().wait(); }
};

Task<int> give(int value) { co_return value; }

Operation<int> giving(int value) {
  return {test::engine(), CallOptions(), [value] { return give(value); }};
}

Task<int> getInside() {
  auto inner = giving(1);
  co_return inner.get();
}

Task<int> throwing() {
  throw std::runtime_error("a defect");
  co_return 0;
}

}  // namespace

TEST_CASE("Operation: nothing happens before it is used", "[unit][operation]") {
  auto ran = std::make_shared<std::atomic<bool>>(false);
  const auto body = [ran] {
    *ran = true;
    return give(1);
  };
  {
    const Operation<int> dropped(test::engine(), CallOptions(), body);
  }
  CHECK_FALSE(*ran);
  Operation<int> used(test::engine(), CallOptions(), body);
  CHECK(used.get() == 1);
  CHECK(*ran);
}

TEST_CASE("Operation: a second use is an error, not a second run", "[unit][operation]") {
  auto operation = giving(1);
  REQUIRE(test::ok(operation.get()));
  CHECK(test::failsWith(operation.get(), Errc::invalidArgument, "once"));
}

TEST_CASE("Operation: get() on the loop's own thread is refused instead of waiting for itself",
          "[unit][operation]") {
  CHECK(test::failsWith(test::run(getInside()), Errc::invalidArgument, "loop thread"));
}

TEST_CASE("Operation: an exception in the work becomes an Error", "[unit][operation]") {
  CHECK(test::failsWith(test::run(throwing()), Errc::internal, "a defect"));
}

TEST_CASE("Operation: a deadline reaches the work and is reported as such", "[unit][operation]") {
  Endless endless;
  auto operation = endless.operation(test::engine(), CallOptions::within(std::chrono::milliseconds(1)));
  CHECK(test::failsWith(operation.get(), Errc::deadlineExceeded));
  CHECK(*endless.interrupted);
}

TEST_CASE("Operation: a stop token reaches the work, whether it fires before or during it",
          "[unit][operation]") {
  std::stop_source stop;
  CallOptions call;
  call.stopToken = stop.get_token();
  Endless endless;
  SECTION("during") {
    auto future = endless.operation(test::engine(), call).start();
    endless.waitUntilEntered();
    stop.request_stop();
    CHECK(test::failsWith(future.get(), Errc::cancelled, "stop token"));
  }
  SECTION("before") {
    stop.request_stop();
    CHECK(test::failsWith(endless.operation(test::engine(), call).get(), Errc::cancelled, "stop token"));
  }
  CHECK(*endless.interrupted);
}

TEST_CASE("Operation: co_await goes on on the caller's own executor", "[unit][operation]") {
  asio::io_context context;
  const auto caller = std::this_thread::get_id();
  std::thread::id after;
  Result<int> result;
  const auto body = [&]() -> asio::awaitable<void> {
    result = co_await giving(42);
    after = std::this_thread::get_id();
  };
  asio::co_spawn(context, body, asio::detached);
  context.run();
  CHECK(result == 42);
  CHECK(after == caller);
}

TEST_CASE("Operation: cancelling the awaiting coroutine cancels the work", "[unit][operation]") {
  asio::io_context context;
  asio::cancellation_signal signal;
  Endless endless;
  Result<int> result;
  const auto body = [&]() -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    result = co_await endless.operation(test::engine());
  };
  asio::co_spawn(context, body, asio::bind_cancellation_slot(signal.slot(), asio::detached));
  context.poll();
  endless.waitUntilEntered();
  signal.emit(asio::cancellation_type::terminal);
  context.restart();
  context.run();
  CHECK(test::failsWith(result, Errc::cancelled));
  CHECK(*endless.interrupted);
}

TEST_CASE("Operation: work that is pending when the last handle goes ends as cancelled",
          "[unit][operation]") {
  auto engine = detail::makeEngine();
  Endless endless;
  auto future = endless.operation(engine).start();
  endless.waitUntilEntered();
  engine.reset();
  CHECK(test::failsWith(future.get(), Errc::cancelled));
}

TEST_CASE("Operation: the engine may be dropped last on its own thread", "[unit][operation]") {
  auto engine = detail::makeEngine();
  auto dropped = std::make_shared<std::promise<void>>();
  asio::post(loopOf(*engine), [engine, dropped]() mutable {
    engine.reset();
    dropped->set_value();
  });
  engine.reset();
  dropped->get_future().wait();
}

TEST_CASE("runBlocking: runs elsewhere, returns here, and an exception becomes an Error",
          "[unit][operation]") {
  const auto& engine = test::engine();
  std::thread::id inside;
  const auto good = [&]() -> Task<int> {
    auto work = [&]() -> Result<int> {
      inside = std::this_thread::get_id();
      return 7;
    };
    auto result = co_await runBlocking(blockingThreadsOf(*engine), work);
    if (!onLoopThread(*engine)) co_return failure(Errc::internal, "went on elsewhere");
    co_return result;
  };
  Operation<int> operation(engine, CallOptions(), good);
  CHECK(operation.get() == 7);
  CHECK(inside != std::thread::id());

  const auto bad = [&]() -> Task<int> {
    auto work = []() -> Result<int> { throw std::runtime_error("disk on fire"); };
    co_return co_await runBlocking(blockingThreadsOf(*engine), work);
  };
  Operation<int> failing(engine, CallOptions(), bad);
  CHECK(test::failsWith(failing.get(), Errc::internal, "disk on fire"));
}
