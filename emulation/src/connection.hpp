// One client's connection: requests in turn, each given to the handler.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <memory>

namespace mooring::emulation {

/// Errors as values, and no cancellation of the single operation: what ends it is the closing of its socket.
inline auto quiet() {
  return boost::asio::as_tuple(
      boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), boost::asio::use_awaitable));
}

/// Threads: the loop. Lifetime: held by what runs on it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, const ExchangeHandler& handler)
      : socket_(std::make_shared<boost::asio::ip::tcp::socket>(std::move(socket))), handler_(handler) {}

  /// Serves requests until one side ends the connection.
  boost::asio::awaitable<void> serve();
  /// Cuts it and cancels the handler at work.
  void cancel();

  // For the exchange at work:
  [[nodiscard]] const std::shared_ptr<boost::asio::ip::tcp::socket>& socket() const { return socket_; }
  [[nodiscard]] boost::beast::flat_buffer& buffer() { return buffer_; }
  /// From here on a closed sending side of the client cancels the handler.
  void watch();
  void stopWatching() { watching_ = false; }
  void reset();
  void cut();

 private:
  boost::asio::awaitable<void> answer(ExchangePtr exchange);
  boost::asio::awaitable<bool> serveOne();
  void armWatch();
  void clientLeft();

  std::shared_ptr<boost::asio::ip::tcp::socket> socket_;
  const ExchangeHandler& handler_;
  boost::beast::flat_buffer buffer_;
  boost::asio::cancellation_signal handlerCancel_;
  bool watching_ = false;
  bool waiting_ = false;  ///< An asynchronous wait is under way.
};

}  // namespace mooring::emulation
