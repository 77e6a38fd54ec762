#include "server_socket.hpp"

#include "connection.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <optional>

namespace mooring::emulation {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

/// Ends a wait on `socket` when the waiting coroutine is cancelled.
class CloseOnCancel {
 public:
  CloseOnCancel(asio::cancellation_state state, std::shared_ptr<asio::ip::tcp::socket> socket)
      : slot_(state.slot()) {
    if (!slot_.is_connected()) return;
    slot_.assign([socket = std::move(socket)](asio::cancellation_type /*type*/) {
      boost::system::error_code ignored;
      static_cast<void>(socket->close(ignored));
    });
  }
  CloseOnCancel(const CloseOnCancel&) = delete;
  CloseOnCancel& operator=(const CloseOnCancel&) = delete;
  ~CloseOnCancel() {
    if (slot_.is_connected()) slot_.clear();
  }

 private:
  asio::cancellation_slot slot_;
};

std::unexpected<Error> broken(const boost::system::error_code& problem) {
  return failure(Errc::unavailable, "the WebSocket client is gone: " + problem.message());
}

/// For the client's own goodbye.
constexpr std::chrono::seconds goodbyePatience(2);
constexpr std::size_t longestReason = 123;  // RFC 6455, 5.5.1

}  // namespace

ServerSocket::ServerSocket(std::shared_ptr<asio::ip::tcp::socket> socket, AcceptOptions options)
    : socket_(std::move(socket)),
      stream_(*socket_),
      options_(std::move(options)),
      turn_(socket_->get_executor(), asio::steady_timer::time_point::max()) {
  stream_.read_message_max(options_.maxMessage);
  stream_.set_option(beast::websocket::stream_base::decorator(
      [headers = options_.headers, protocol = options_.subprotocol](beast::websocket::response_type& reply) {
        for (const auto& [name, value] : headers)
          reply.insert(name, value);
        if (!protocol.empty()) reply.set(beast::http::field::sec_websocket_protocol, protocol);
      }));
}

Task<void> ServerSocket::accept(Head head) {
  const auto [problem] = co_await stream_.async_accept(head, quiet());
  if (problem) co_return broken(problem);
  co_return Result<void>();
}

Task<std::optional<http::Message>> ServerSocket::read() {
  const auto self = shared_from_this();
  const auto state = co_await asio::this_coro::cancellation_state;
  beast::flat_buffer buffer;
  boost::system::error_code problem;
  {
    const CloseOnCancel guard(state, socket_);
    const auto [code, count] = co_await stream_.async_read(buffer, quiet());
    problem = code;
  }
  if (problem == beast::websocket::error::closed) co_return std::nullopt;
  if (problem) co_return broken(problem);
  http::Message message;
  message.text = stream_.got_text();
  message.data.assign(static_cast<const char*>(buffer.cdata().data()), buffer.size());
  co_return message;
}

Task<void> ServerSocket::write(http::Message message) {
  const auto self = shared_from_this();
  const auto state = co_await asio::this_coro::cancellation_state;
  while (writing_ && !closed_ && state.cancelled() == asio::cancellation_type::none) {
    co_await turn_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (state.cancelled() != asio::cancellation_type::none) co_return failure(Errc::cancelled, "cancelled");
  if (closed_) co_return failure(Errc::unavailable, "the WebSocket was closed on this side");
  writing_ = true;
  boost::system::error_code problem;
  {
    const CloseOnCancel guard(state, socket_);
    stream_.binary(!message.text);
    const auto [code, count] = co_await stream_.async_write(asio::buffer(message.data), quiet());
    problem = code;
  }
  writing_ = false;
  turn_.cancel();
  if (problem) co_return broken(problem);
  co_return Result<void>();
}

void ServerSocket::close(std::uint16_t code, std::string reason) {
  if (std::exchange(closed_, true)) return;
  parting_ = true;
  asio::co_spawn(
      socket_->get_executor(), sayGoodbye(shared_from_this(), code, std::move(reason)), asio::detached);
}

http::CloseReason ServerSocket::closing() const {
  if (stream_.is_open()) return {};
  const auto& reason = stream_.reason();
  return {static_cast<std::uint16_t>(reason.code), std::string(reason.reason.data(), reason.reason.size())};
}

asio::awaitable<void> ServerSocket::sayGoodbye(std::shared_ptr<ServerSocket> self,
                                               std::uint16_t code,
                                               std::string reason) {
  while (self->writing_)
    co_await self->turn_.async_wait(asio::as_tuple(asio::use_awaitable));
  auto limits = beast::websocket::stream_base::timeout();
  self->stream_.get_option(limits);
  limits.handshake_timeout = goodbyePatience;
  self->stream_.set_option(limits);
  const beast::websocket::close_reason farewell(static_cast<beast::websocket::close_code>(code),
                                                reason.substr(0, longestReason));
  co_await self->stream_.async_close(farewell, asio::as_tuple(asio::use_awaitable));
  self->parting_ = false;
  self->turn_.cancel();
}

asio::awaitable<void> ServerSocket::farewell() {
  const auto self = shared_from_this();
  while (parting_)
    co_await turn_.async_wait(quiet());
}

}  // namespace mooring::emulation
