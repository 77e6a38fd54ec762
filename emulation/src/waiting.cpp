#include <mooring/emulation/waiting.hpp>

#include <boost/asio/redirect_error.hpp>

namespace mooring::emulation {

namespace asio = boost::asio;

asio::awaitable<bool> wasCancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Task<void> sleepFor(std::chrono::milliseconds duration) {
  const bool before = co_await wasCancelled();
  if (before) co_return failure(Errc::cancelled, "the client has left");
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  boost::system::error_code problem;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return failure(Errc::cancelled, "the client has left");
  co_return Result<void>();
}

Task<void> Notice::wait() {
  const bool before = co_await wasCancelled();
  if (before) co_return failure(Errc::cancelled, "the client has left");
  boost::system::error_code woken;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const bool after = co_await wasCancelled();
  if (after) co_return failure(Errc::cancelled, "the client has left");
  co_return Result<void>();
}

void detail::holdFor(const std::shared_ptr<Leash>& leash, std::chrono::milliseconds patience) {
  leash->timer.expires_after(patience);
  leash->timer.async_wait([leash](const boost::system::error_code& stopped) {
    if (stopped || leash->ended) return;
    leash->late = true;
    leash->cancel.emit(asio::cancellation_type::terminal);
  });
}

}  // namespace mooring::emulation
