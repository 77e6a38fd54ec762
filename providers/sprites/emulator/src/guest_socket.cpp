#include "guest_socket.hpp"

#include "exec/frames.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace mooring::sprites::emulated {

GuestSocket::GuestSocket(const boost::asio::any_io_executor& loop, std::shared_ptr<http::WebSocket> socket)
    : socket_(std::move(socket)), watch_(std::make_shared<Watch>(loop)) {
  boost::asio::co_spawn(loop, listen(socket_, watch_), boost::asio::detached);
}

Task<void> GuestSocket::say(boost::json::object event) { return socket_->write(textMessage(event)); }

Task<void> GuestSocket::rest(std::chrono::milliseconds span) {
  if (gone()) co_return Result<void>();
  auto woken = co_await emulation::within<void>(watch_->left.wait(), span);
  if (woken.late) co_return Result<void>();
  co_return std::move(woken.result);
}

boost::asio::awaitable<void> GuestSocket::listen(std::shared_ptr<http::WebSocket> socket,
                                                 std::shared_ptr<Watch> watch) {
  while (true) {
    auto message = co_await socket->read();
    if (!message || !*message) break;
  }
  watch->gone = true;
  watch->left.notify();
}

}  // namespace mooring::sprites::emulated
