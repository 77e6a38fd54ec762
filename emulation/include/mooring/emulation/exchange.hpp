/// One request and its reply, as streams.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/emulation/message.hpp>
#include <mooring/http/websocket.hpp>
#include <mooring/operation.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mooring::emulation {

struct AcceptOptions {
  std::string subprotocol = {};  ///< Empty: none is chosen.
  http::Headers headers = {};    ///< Of the 101 answer.
  std::size_t maxMessage = std::size_t{16} * 1024 * 1024;
};

/// A connection that no longer speaks HTTP.
struct RawConnection {
  std::shared_ptr<boost::asio::ip::tcp::socket> socket = {};
  std::string unread = {};  ///< What had arrived already.
};

/// What a handler holds while it answers. When the client goes away (or closes its sending side), the
/// handler's coroutine is cancelled, and reads and writes fail with `unavailable`.
/// Threads: the server's loop. Lifetime: usable until the handler has returned.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual Request& request() = 0;

  /// The next piece of the request's body; 0 at its end. A client that waits for "100 Continue" gets it with
  /// the first call. Errors: unavailable (the client is gone), invalidArgument (broken framing).
  virtual Task<std::size_t> read(std::span<std::byte> buffer) = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> contentLength() const = 0;

  /// Begins the reply. Without `length` the body is chunked (or ends with the connection, for HTTP/1.0).
  virtual Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) = 0;
  /// Returns when the bytes are with the system: the client's slowness is passed on.
  virtual Task<void> write(std::span<const std::byte> bytes) = 0;
  /// Ends the reply. The server does it for a handler that began one and returned without an error.
  virtual Task<void> finish() = 0;
  [[nodiscard]] virtual bool begun() const = 0;

  [[nodiscard]] virtual bool wantsWebSocket() const = 0;
  /// What the client offers, in its order.
  [[nodiscard]] virtual std::vector<std::string> subprotocols() const = 0;
  /// Answers 101. Errors: invalidArgument (no upgrade was asked for), unavailable.
  virtual Task<std::shared_ptr<http::WebSocket>> accept(AcceptOptions options) = 0;
  /// The bare connection, to be used until the handler returns; then it is closed.
  virtual RawConnection takeOver() = 0;

  /// Ends the connection: at once and rudely, or in order but in the middle of things.
  virtual void reset() = 0;
  virtual void cut() = 0;

  /// The whole body. Errors: as read(); invalidArgument with status 413 when it is longer than `limit`.
  Task<std::string> body(std::size_t limit = std::size_t{64} << 20);
  /// The whole reply at once.
  Task<void> reply(Reply reply);
};

using ExchangePtr = std::shared_ptr<Exchange>;

/// The request's body, and the reply's, as the streams that files are read from and written to.
std::shared_ptr<ByteSource> bodyOf(ExchangePtr exchange);
/// After begin().
std::shared_ptr<ByteSink> replyBodyOf(ExchangePtr exchange);

/// Passes everything on. For what changes or watches a part.
class ExchangeDecorator : public Exchange {
 public:
  explicit ExchangeDecorator(ExchangePtr inner) : inner_(std::move(inner)) {}

  Request& request() override { return inner_->request(); }
  Task<std::size_t> read(std::span<std::byte> buffer) override { return inner_->read(buffer); }
  [[nodiscard]] std::optional<std::uint64_t> contentLength() const override {
    return inner_->contentLength();
  }
  Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) override {
    return inner_->begin(status, std::move(headers), length);
  }
  Task<void> write(std::span<const std::byte> bytes) override { return inner_->write(bytes); }
  Task<void> finish() override { return inner_->finish(); }
  [[nodiscard]] bool begun() const override { return inner_->begun(); }
  [[nodiscard]] bool wantsWebSocket() const override { return inner_->wantsWebSocket(); }
  [[nodiscard]] std::vector<std::string> subprotocols() const override { return inner_->subprotocols(); }
  Task<std::shared_ptr<http::WebSocket>> accept(AcceptOptions options) override {
    return inner_->accept(std::move(options));
  }
  RawConnection takeOver() override { return inner_->takeOver(); }
  void reset() override { inner_->reset(); }
  void cut() override { inner_->cut(); }

 protected:
  Exchange& inner() { return *inner_; }
  [[nodiscard]] const Exchange& inner() const { return *inner_; }

 private:
  ExchangePtr inner_;
};

}  // namespace mooring::emulation
