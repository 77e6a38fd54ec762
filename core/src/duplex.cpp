#include <mooring/detail/duplex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mooring::detail {

namespace asio = boost::asio;

namespace {

Task<void> calmly(Task<void> task) {
  // The group cancels the one that is left; its result must still come back.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(task);
}

/// Ends only by failing or by being cancelled.
Task<void> untilFailure(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto done = co_await std::move(task);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (!done || state.cancelled() != asio::cancellation_type::none) co_return done;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer never(executor, asio::steady_timer::time_point::max());
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  co_await never.async_wait(token);
  co_return done;
}

}  // namespace

Task<void> carryBothWays(Task<void> inward, Task<void> outward) {
  const auto executor = co_await asio::this_coro::executor;
  auto in = asio::co_spawn(executor, untilFailure(std::move(inward)), asio::deferred);
  auto out = asio::co_spawn(executor, calmly(std::move(outward)), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(in), std::move(out));
  auto [order, inThrown, inEnd, outThrown, outEnd] = co_await group.async_wait(
      asio::experimental::wait_for_one(), asio::use_awaitable);
  if (inThrown) std::rethrow_exception(inThrown);
  if (outThrown) std::rethrow_exception(outThrown);
  co_return order[0] == 0 && !inEnd ? std::move(inEnd) : std::move(outEnd);
}

}  // namespace mooring::detail
