// An exchange on a real connection.
#pragma once

#include "connection.hpp"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <string>
#include <string_view>

namespace mooring::emulation {

class ServerSocket;

using RequestParser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

/// "Not Found" for 404.
std::string_view reasonOf(int status);

class LiveExchange final : public Exchange {
 public:
  LiveExchange(std::shared_ptr<Connection> connection, std::unique_ptr<RequestParser> parser)
      : connection_(std::move(connection)), parser_(std::move(parser)) {}

  /// Reads the head into request(). False when its target cannot be decoded.
  bool takeHead();
  /// After the handler: ends a reply that it left open and reads what it left of the body, up to `limit`.
  /// False: the connection cannot be used again.
  boost::asio::awaitable<bool> conclude(std::size_t limit);

  Request& request() override { return request_; }
  Task<std::size_t> read(std::span<std::byte> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> contentLength() const override { return length_; }
  Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) override;
  Task<void> write(std::span<const std::byte> bytes) override;
  Task<void> finish() override;
  [[nodiscard]] bool begun() const override { return stage_ != Stage::waiting; }
  [[nodiscard]] bool wantsWebSocket() const override;
  [[nodiscard]] std::vector<std::string> subprotocols() const override;
  Task<std::shared_ptr<http::WebSocket>> accept(AcceptOptions options) override;
  RawConnection takeOver() override;
  void reset() override { connection_->reset(); }
  void cut() override { connection_->cut(); }

 private:
  enum class Stage { waiting, begun, finished, handedOver };

  Task<void> send(std::string_view framing, std::span<const std::byte> bytes, std::string_view end);
  [[nodiscard]] bool bodyless(int status) const;

  std::shared_ptr<Connection> connection_;
  std::unique_ptr<RequestParser> parser_;
  Request request_;
  std::optional<std::uint64_t> length_;
  bool expectsContinue_ = false;
  bool keepAlive_ = true;
  Stage stage_ = Stage::waiting;
  std::shared_ptr<ServerSocket> webSocket_;
  std::string head_;  ///< Not sent yet: it travels with the first bytes of the body.
  bool chunked_ = false;
  bool silent_ = false;                ///< The reply has no body, whatever is written.
  std::optional<std::uint64_t> left_;  ///< Of the announced length.
};

}  // namespace mooring::emulation
