#pragma once

// The open connection, over either kind of stream. Apart from the opening, which has other reasons to change.

#include <mooring/http/websocket.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <limits>
#include <utility>

namespace mooring::http::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// Errors as values, and no cancellation of the operation itself: composed ones of Beast 1.81 cannot be
/// cancelled one by one. CutOnCancel ends them by closing the socket under them.
inline auto quiet() {
  return asio::as_tuple(asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

/// While it lives, cancelling the coroutine closes `stream`.
class CutOnCancel {
 public:
  CutOnCancel(asio::cancellation_state state, beast::tcp_stream& stream) : slot_(state.slot()) {
    if (!slot_.is_connected()) return;
    slot_.assign([&stream](asio::cancellation_type type) {
      if (type != asio::cancellation_type::none) stream.close();
    });
  }
  CutOnCancel(const CutOnCancel&) = delete;
  CutOnCancel& operator=(const CutOnCancel&) = delete;
  ~CutOnCancel() {
    if (slot_.is_connected()) slot_.clear();
  }

 private:
  asio::cancellation_slot slot_;
};

inline bool isCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

template <class Next>
class Connection final : public WebSocket, public std::enable_shared_from_this<Connection<Next>> {
 public:
  using Stream = beast::websocket::stream<Next>;

  Connection(std::unique_ptr<Stream> stream, std::string host, std::string subprotocol)
      : stream_(std::move(stream)),
        host_(std::move(host)),
        subprotocol_(std::move(subprotocol)),
        turn_(stream_->get_executor(), asio::steady_timer::time_point::max()) {}

  Task<std::optional<Message>> read() override {
    const auto self = this->shared_from_this();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (isCancelled(state)) co_return failure(Errc::cancelled, "cancelled while reading from " + host_);
    beast::flat_buffer buffer;
    boost::system::error_code problem;
    {
      const CutOnCancel cut(state, beast::get_lowest_layer(*stream_));
      const auto [code, count] = co_await stream_->async_read(buffer, quiet());
      problem = code;
    }
    if (problem == beast::websocket::error::closed) co_return std::nullopt;
    if (isCancelled(state)) co_return failure(Errc::cancelled, "cancelled while reading from " + host_);
    if (problem) co_return std::unexpected(explained(problem));
    Message message;
    message.text = stream_->got_text();
    message.data.assign(static_cast<const char*>(buffer.cdata().data()), buffer.size());
    co_return message;
  }

  Task<void> write(Message message) override {
    const auto self = this->shared_from_this();
    const auto state = co_await asio::this_coro::cancellation_state;
    while (writing_ && !closed_ && !isCancelled(state)) {
      co_await turn_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (isCancelled(state)) co_return failure(Errc::cancelled, "cancelled while writing to " + host_);
    if (closed_)
      co_return failure(Errc::unavailable, "the connection to " + host_ + " was closed on this side");
    writing_ = true;
    boost::system::error_code problem;
    {
      const CutOnCancel cut(state, beast::get_lowest_layer(*stream_));
      stream_->text(message.text);
      stream_->binary(!message.text);
      const auto [code, count] = co_await stream_->async_write(asio::buffer(message.data), quiet());
      problem = code;
    }
    writing_ = false;
    turn_.cancel();
    if (problem && isCancelled(state))
      co_return failure(Errc::cancelled, "cancelled while writing to " + host_);
    if (problem) co_return std::unexpected(explained(problem));
    co_return Result<void>();
  }

  void close(std::uint16_t code, std::string reason) override {
    if (std::exchange(closed_, true)) return;
    asio::co_spawn(stream_->get_executor(),
                   sayGoodbye(this->shared_from_this(), code, std::move(reason)),
                   asio::detached);
  }

  CloseReason closing() const override {
    if (stream_->is_open()) return {};
    const auto& reason = stream_->reason();
    return {static_cast<std::uint16_t>(reason.code), std::string(reason.reason.data(), reason.reason.size())};
  }

  std::string subprotocol() const override { return subprotocol_; }

 private:
  static asio::awaitable<void> sayGoodbye(std::shared_ptr<Connection> self,
                                          std::uint16_t code,
                                          std::string reason) {
    while (self->writing_)
      co_await self->turn_.async_wait(asio::as_tuple(asio::use_awaitable));
    // The answer is not waited for by anybody, and for a second here.
    auto limits = beast::websocket::stream_base::timeout();
    self->stream_->get_option(limits);
    limits.handshake_timeout = std::chrono::seconds(1);
    self->stream_->set_option(limits);
    const beast::websocket::close_reason farewell(static_cast<beast::websocket::close_code>(code),
                                                  reason.substr(0, 120));
    co_await self->stream_->async_close(farewell, asio::as_tuple(asio::use_awaitable));
    beast::get_lowest_layer(*self->stream_).close();
  }

  [[nodiscard]] Error explained(const boost::system::error_code& problem) const {
    if (problem == beast::error::timeout) return makeError(Errc::unavailable, host_ + " fell silent");
    if (problem == beast::websocket::error::message_too_big ||
        problem == beast::websocket::error::buffer_overflow) {
      return makeError(Errc::corrupted, host_ + " sent a longer message than allowed");
    }
    if (problem.category() == make_error_code(beast::websocket::error::closed).category()) {
      return makeError(Errc::corrupted, host_ + " broke the WebSocket protocol: " + problem.message());
    }
    return makeError(Errc::unavailable, "the connection to " + host_ + " was cut: " + problem.message());
  }

  std::unique_ptr<Stream> stream_;
  std::string host_;
  std::string subprotocol_;
  asio::steady_timer turn_;  ///< Cancelled when a write has ended.
  bool writing_ = false;
  bool closed_ = false;
};

}  // namespace mooring::http::detail
