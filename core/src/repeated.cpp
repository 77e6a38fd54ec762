#include "repeated.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace asio = boost::asio;

namespace mooring::detail {

struct Repeated::State {
  asio::steady_timer timer;
  std::chrono::milliseconds interval;
  Work work;
  bool ended = false;

  State(const asio::any_io_executor& loop, std::chrono::milliseconds pause, Work each)
      : timer(loop), interval(pause), work(std::move(each)) {}

  static asio::awaitable<void> repeat(std::shared_ptr<State> self) {
    bool wanted = true;
    while (wanted) {
      self->timer.expires_after(self->interval);
      boost::system::error_code ec;
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      co_await self->timer.async_wait(token);
      if (self->ended) co_return;
      wanted = co_await self->work();
    }
  }
};

Repeated::Repeated(const asio::any_io_executor& loop, std::chrono::milliseconds interval, Work work)
    : state_(std::make_shared<State>(loop, interval, std::move(work))) {
  asio::co_spawn(loop, State::repeat(state_), asio::detached);
}

Repeated::~Repeated() {
  state_->ended = true;
  state_->timer.cancel();
}

}  // namespace mooring::detail
