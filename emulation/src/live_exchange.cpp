#include "live_exchange.hpp"

#include "server_socket.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>

namespace mooring::emulation {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

std::string hexOf(std::size_t value) {
  std::string text;
  for (; value > 0 || text.empty(); value >>= 4) {
    text.insert(text.begin(), "0123456789abcdef"[value & 0xf]);
  }
  return text;
}

std::string textOf(beast::string_view view) { return {view.data(), view.size()}; }

std::unexpected<Error> clientGone() {
  return failure(Errc::unavailable, "the client has closed the connection");
}

}  // namespace

std::string_view reasonOf(int status) {
  const auto text = beast::http::obsolete_reason(static_cast<beast::http::status>(status));
  return {text.data(), text.size()};
}

bool LiveExchange::takeHead() {
  const auto& message = parser_->get();
  request_.method = textOf(message.method_string());
  request_.target = textOf(message.target());
  for (const auto& field : message)
    request_.headers.add(textOf(field.name_string()), textOf(field.value()));
  const auto mark = request_.target.find('?');
  request_.path = request_.target.substr(0, mark);
  auto query = parseQuery(mark == std::string::npos ? std::string_view()
                                                    : std::string_view(request_.target).substr(mark + 1));
  if (!query || !unescape(request_.path)) return false;
  request_.query = std::move(*query);
  if (const auto length = parser_->content_length()) length_ = *length;
  if (!length_ && !parser_->chunked()) length_ = 0;
  const auto expect = request_.headers.get("Expect");
  expectsContinue_ = expect && http::sameName(*expect, "100-continue");
  keepAlive_ = parser_->keep_alive();
  if (parser_->is_done()) connection_->watch();
  return true;
}

Task<std::size_t> LiveExchange::read(std::span<std::byte> buffer) {
  if (parser_->is_done() || buffer.empty()) co_return std::size_t{0};
  auto& socket = *connection_->socket();
  if (expectsContinue_) {
    expectsContinue_ = false;
    static constexpr std::string_view goOn = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(goOn), quiet());
    if (unsent) co_return clientGone();
  }
  auto& body = parser_->get().body();
  body.data = buffer.data();
  body.size = buffer.size();
  // A chunk's end comes without bytes of its own.
  while (body.size == buffer.size() && !parser_->is_done()) {
    const auto [problem, size] = co_await beast::http::async_read_some(
        socket, connection_->buffer(), *parser_, quiet());
    if (problem == beast::http::error::need_buffer) break;
    if (problem) {
      keepAlive_ = false;
      if (problem == beast::http::error::partial_message || !socket.is_open()) co_return clientGone();
      if (problem.category() == make_error_code(beast::http::error::bad_chunk).category()) {
        co_return refused(400, "the body's framing is broken: " + problem.message());
      }
      co_return clientGone();
    }
  }
  const auto count = buffer.size() - body.size;
  if (parser_->is_done()) connection_->watch();
  co_return count;
}

bool LiveExchange::bodyless(int status) const {
  return request_.method == "HEAD" || status == 204 || status == 304 || status < 200;
}

Task<void> LiveExchange::begin(int status, http::Headers headers, std::optional<std::uint64_t> length) {
  if (stage_ != Stage::waiting) co_return failure(Errc::internal, "a reply was begun twice");
  stage_ = Stage::begun;
  silent_ = bodyless(status);
  left_ = length;
  const bool oldClient = parser_->get().version() < 11;
  chunked_ = !length && !silent_ && !oldClient;
  if (!length && !silent_ && oldClient) keepAlive_ = false;
  head_ = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reasonOf(status)) + "\r\n";
  for (const auto& [name, value] : headers)
    head_ += name + ": " + value + "\r\n";
  if (length && status != 204 && status >= 200)
    head_ += "Content-Length: " + std::to_string(*length) + "\r\n";
  if (chunked_) head_ += "Transfer-Encoding: chunked\r\n";
  if (!keepAlive_) head_ += "Connection: close\r\n";
  head_ += "\r\n";
  if (length && *length > 0 && !silent_) co_return Result<void>();
  const std::string head = std::exchange(head_, std::string());
  co_return co_await send(head, std::span<const std::byte>(), std::string_view());
}

Task<void> LiveExchange::send(std::string_view framing,
                              std::span<const std::byte> bytes,
                              std::string_view end) {
  const std::array<asio::const_buffer, 3> parts = {
      asio::buffer(framing), asio::buffer(bytes.data(), bytes.size()), asio::buffer(end)};
  const auto [problem, size] = co_await asio::async_write(*connection_->socket(), parts, quiet());
  if (!problem) co_return Result<void>();
  keepAlive_ = false;
  co_return clientGone();
}

Task<void> LiveExchange::write(std::span<const std::byte> bytes) {
  if (stage_ != Stage::begun) co_return failure(Errc::internal, "a reply was written to before it began");
  if (silent_ || bytes.empty()) co_return Result<void>();
  if (left_) {
    if (bytes.size() > *left_) co_return failure(Errc::internal, "a reply is longer than announced");
    *left_ -= bytes.size();
  }
  std::string framing = std::exchange(head_, std::string());
  if (chunked_) framing += hexOf(bytes.size()) + "\r\n";
  co_return co_await send(framing, bytes, chunked_ ? std::string_view("\r\n") : std::string_view());
}

Task<void> LiveExchange::finish() {
  if (stage_ == Stage::finished) co_return Result<void>();
  if (stage_ != Stage::begun) co_return failure(Errc::internal, "a reply was ended before it began");
  stage_ = Stage::finished;
  if (!silent_ && left_.value_or(0) > 0) {
    connection_->cut();
    co_return failure(Errc::internal, "a reply is shorter than announced");
  }
  if (!chunked_) co_return Result<void>();
  co_return co_await send("0\r\n\r\n", std::span<const std::byte>(), std::string_view());
}

asio::awaitable<bool> LiveExchange::conclude(std::size_t limit) {
  if (stage_ == Stage::handedOver) {
    if (webSocket_) co_await webSocket_->farewell();
    connection_->cut();
    co_return false;
  }
  if (stage_ == Stage::waiting) {
    auto silence = textReply(500, "the emulator gave no answer");
    co_await reply(std::move(silence));
  }
  if (stage_ == Stage::begun) {
    auto ended = co_await finish();
    if (!ended) co_return false;
  }
  // One that still waits for "100 Continue" does not send its body.
  if (expectsContinue_ && !parser_->is_done()) co_return false;
  std::vector<std::byte> rest(std::size_t{64} * 1024);
  while (keepAlive_ && !parser_->is_done() && limit > 0) {
    auto count = co_await read(rest);
    if (!count || *count == 0) break;
    limit -= std::min(limit, *count);
  }
  connection_->stopWatching();
  co_return keepAlive_ && parser_->is_done();
}

bool LiveExchange::wantsWebSocket() const { return beast::websocket::is_upgrade(parser_->get().base()); }

std::vector<std::string> LiveExchange::subprotocols() const {
  std::vector<std::string> offered;
  for (const auto value : request_.headers.all("Sec-WebSocket-Protocol")) {
    for (const auto token : beast::http::token_list(beast::string_view(value.data(), value.size())))
      offered.push_back(textOf(token));
  }
  return offered;
}

Task<std::shared_ptr<http::WebSocket>> LiveExchange::accept(AcceptOptions options) {
  if (!wantsWebSocket()) co_return refused(400, "this address takes WebSocket upgrades only");
  if (stage_ != Stage::waiting) co_return failure(Errc::internal, "an upgrade came after the reply");
  stage_ = Stage::handedOver;
  connection_->stopWatching();
  beast::http::request<beast::http::empty_body> head(parser_->get().base());
  webSocket_ = std::make_shared<ServerSocket>(connection_->socket(), std::move(options));
  auto accepted = co_await webSocket_->accept(std::move(head));
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  co_return webSocket_;
}

RawConnection LiveExchange::takeOver() {
  stage_ = Stage::handedOver;
  connection_->stopWatching();
  RawConnection raw;
  raw.socket = connection_->socket();
  const auto unread = connection_->buffer().data();
  raw.unread.assign(static_cast<const char*>(unread.data()), unread.size());
  connection_->buffer().consume(raw.unread.size());
  return raw;
}

}  // namespace mooring::emulation
