#include "waiting.hpp"

#include "errors.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>

namespace mooring::local {

namespace asio = boost::asio;

namespace {

std::unexpected<Error> cancelledFailure() { return refuse(Errc::cancelled, "the call was cancelled"); }

struct Patience {
  bool waitEnded = false;
  bool late = false;
};

}  // namespace

asio::awaitable<bool> wasCancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Task<void> sleepFor(std::chrono::milliseconds duration) {
  const bool before = co_await wasCancelled();
  if (before) co_return cancelledFailure();
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(duration);
  boost::system::error_code ec;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return cancelledFailure();
  co_return Result<void>();
}

Task<void> awaitReady(asio::posix::stream_descriptor& descriptor,
                      Readiness what,
                      std::chrono::milliseconds patience) {
  using Wait = asio::posix::stream_descriptor::wait_type;
  const bool before = co_await wasCancelled();
  if (before) co_return cancelledFailure();
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto state = std::make_shared<Patience>();
  if (patience.count() > 0) {
    timer.expires_after(patience);
    timer.async_wait([state, &descriptor](boost::system::error_code ec) {
      // Its handler may be on its way already when the wait ends; then the descriptor is not ours any more.
      if (ec || state->waitEnded) return;
      state->late = true;
      descriptor.cancel();
    });
  }
  boost::system::error_code ec;
  const auto wait = what == Readiness::read ? Wait::wait_read : Wait::wait_write;
  co_await descriptor.async_wait(wait, asio::redirect_error(asio::use_awaitable, ec));
  state->waitEnded = true;
  timer.cancel();
  if (state->late) co_return refuse(Errc::unavailable, "it did not answer in time");
  if (ec == asio::error::operation_aborted) co_return cancelledFailure();
  if (ec) co_return refuse(Errc::unavailable, ec.message());
  co_return Result<void>();
}

Task<Which> awaitEither(asio::posix::stream_descriptor& first, asio::posix::stream_descriptor& second) {
  const bool before = co_await wasCancelled();
  if (before) co_return cancelledFailure();
  // The timer never fires: it is what both handlers end, and what cancelling reaches.
  auto waker = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                    asio::steady_timer::time_point::max());
  auto winner = std::make_shared<std::optional<Which>>();
  const auto onReady = [&](asio::posix::stream_descriptor& descriptor, Which which) {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [waker, winner, which](boost::system::error_code ec) {
                            if (ec || *winner) return;
                            *winner = which;
                            waker->cancel();
                          });
  };
  onReady(first, Which::first);
  onReady(second, Which::second);
  boost::system::error_code ec;
  co_await waker->async_wait(asio::redirect_error(asio::use_awaitable, ec));
  first.cancel();
  second.cancel();
  if (!*winner) co_return cancelledFailure();
  co_return **winner;
}

}  // namespace mooring::local
