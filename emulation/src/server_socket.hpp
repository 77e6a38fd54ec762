// The server's side of a WebSocket.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/http/websocket.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>

namespace mooring::emulation {

class ServerSocket final : public http::WebSocket, public std::enable_shared_from_this<ServerSocket> {
 public:
  using Head = boost::beast::http::request<boost::beast::http::empty_body>;

  ServerSocket(std::shared_ptr<boost::asio::ip::tcp::socket> socket, AcceptOptions options);

  Task<void> accept(Head head);
  /// Returns when a close() has run its course; at once when there was none.
  boost::asio::awaitable<void> farewell();

  Task<std::optional<http::Message>> read() override;
  Task<void> write(http::Message message) override;
  void close(std::uint16_t code, std::string reason) override;
  [[nodiscard]] http::CloseReason closing() const override;
  [[nodiscard]] std::string subprotocol() const override { return options_.subprotocol; }

 private:
  static boost::asio::awaitable<void> sayGoodbye(std::shared_ptr<ServerSocket> self,
                                                 std::uint16_t code,
                                                 std::string reason);

  std::shared_ptr<boost::asio::ip::tcp::socket> socket_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket&> stream_;
  AcceptOptions options_;
  boost::asio::steady_timer turn_;  ///< Never fires; cancelled when a write has ended.
  bool writing_ = false;
  bool closed_ = false;
  bool parting_ = false;  ///< The goodbye is under way.
};

}  // namespace mooring::emulation
