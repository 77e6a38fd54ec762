#include <mooring/emulation/proxy.hpp>
#include <mooring/emulation/waiting.hpp>

#include "connection.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>

namespace mooring::emulation {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

constexpr std::size_t piece = std::size_t{64} * 1024;

/// About one hop only (RFC 9110, 7.6.1), or set anew.
bool belongsToHop(std::string_view name) {
  static constexpr std::array<std::string_view, 8> names = {"Connection",
                                                            "Keep-Alive",
                                                            "Proxy-Connection",
                                                            "TE",
                                                            "Trailer",
                                                            "Transfer-Encoding",
                                                            "Content-Length",
                                                            "Expect"};
  return std::ranges::any_of(names, [&](std::string_view known) { return http::sameName(known, name); });
}

std::unexpected<Error> noAnswer(std::uint16_t port) {
  return refused(502, "nothing answers on port " + std::to_string(port) + " of the sandbox");
}

/// Closes the server's side when the client leaves.
class Upstream {
 public:
  Upstream(const asio::any_io_executor& loop, asio::cancellation_state state)
      : socket(std::make_shared<tcp::socket>(loop)), slot_(state.slot()) {
    if (!slot_.is_connected()) return;
    slot_.assign([socket = socket](asio::cancellation_type /*type*/) {
      boost::system::error_code ignored;
      static_cast<void>(socket->close(ignored));
    });
  }
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  ~Upstream() {
    if (slot_.is_connected()) slot_.clear();
  }

  std::shared_ptr<tcp::socket> socket;

 private:
  asio::cancellation_slot slot_;
};

std::string headFor(const Request& request,
                    const ForwardOptions& options,
                    bool upgrade,
                    bool chunked,
                    std::optional<std::uint64_t> length) {
  std::string head = request.method + " " + (options.target.empty() ? request.target : options.target) +
                     " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) {
    const bool dropped = std::ranges::any_of(options.dropHeaders,
                                             [&](const auto& known) { return http::sameName(known, name); });
    if (dropped || belongsToHop(name)) continue;
    head += name + ": " + value + "\r\n";
  }
  if (chunked) head += "Transfer-Encoding: chunked\r\n";
  if (!chunked && length.value_or(0) > 0) head += "Content-Length: " + std::to_string(*length) + "\r\n";
  head += upgrade ? "Connection: Upgrade\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

asio::awaitable<bool> sendAll(tcp::socket& socket, std::string bytes) {
  const auto [problem, size] = co_await asio::async_write(socket, asio::buffer(bytes), quiet());
  co_return !problem;
}

std::string chunkHead(std::size_t size) {
  std::string text;
  for (; size > 0; size >>= 4)
    text.insert(text.begin(), "0123456789abcdef"[size & 0xf]);
  return text + "\r\n";
}

Task<void> sendBody(Exchange& exchange, tcp::socket& socket, bool chunked) {
  std::vector<std::byte> buffer(piece);
  for (;;) {
    auto count = co_await exchange.read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    std::string bytes(asText(std::span(buffer).first(*count)));
    if (chunked) bytes = chunkHead(bytes.size()) + bytes + "\r\n";
    const bool sent = co_await sendAll(socket, std::move(bytes));
    if (!sent) co_return Result<void>();  // It may answer before it has read everything.
  }
  if (chunked) co_await sendAll(socket, "0\r\n\r\n");
  co_return Result<void>();
}

asio::awaitable<void> pump(tcp::socket& from, tcp::socket& to) {
  std::vector<char> buffer(piece);
  for (;;) {
    const auto [problem, count] = co_await from.async_read_some(asio::buffer(buffer), quiet());
    if (problem) break;
    const auto [unsent, sent] = co_await asio::async_write(to, asio::buffer(buffer.data(), count), quiet());
    if (unsent) break;
  }
  boost::system::error_code ignored;
  static_cast<void>(to.shutdown(tcp::socket::shutdown_send, ignored));
}

/// What the client says, until it ends; then the server hears of it.
asio::awaitable<void> sayTo(tcp::socket& server, http::WebSocket& client) {
  while (true) {
    auto message = co_await client.read();
    if (!message || !*message) break;
    const bool sent = co_await sendAll(server, std::move((*message)->data));
    if (!sent) break;
  }
  boost::system::error_code ignored;
  static_cast<void>(server.shutdown(tcp::socket::shutdown_both, ignored));
}

/// What the server says, until it ends; then the client hears of it.
asio::awaitable<void> hearFrom(tcp::socket& server, http::WebSocket& client) {
  std::vector<char> buffer(piece);
  while (true) {
    const auto [problem, count] = co_await server.async_read_some(asio::buffer(buffer), quiet());
    if (problem) break;
    http::Message message;
    message.data.assign(buffer.data(), count);
    auto written = co_await client.write(std::move(message));
    if (!written) break;
  }
  client.close();
}

using ResponseParser = beast::http::response_parser<beast::http::buffer_body>;

Task<void> tunnel(ExchangePtr exchange, std::shared_ptr<tcp::socket> upstream, std::string already) {
  auto raw = exchange->takeOver();
  const bool first = co_await sendAll(*raw.socket, std::move(already));
  const bool second = co_await sendAll(*upstream, std::move(raw.unread));
  if (!first || !second) co_return Result<void>();
  using namespace asio::experimental::awaitable_operators;
  co_await (pump(*raw.socket, *upstream) && pump(*upstream, *raw.socket));
  co_return Result<void>();
}

http::Headers headersOf(const ResponseParser& parser, const ForwardOptions& options) {
  http::Headers headers;
  for (const auto& field : parser.get()) {
    const std::string name(field.name_string().data(), field.name_string().size());
    if (!belongsToHop(name)) headers.add(name, std::string(field.value().data(), field.value().size()));
  }
  for (const auto& [name, value] : options.addHeaders)
    headers.set(name, value);
  return headers;
}

Task<void> returnBody(Exchange& exchange,
                      tcp::socket& socket,
                      beast::flat_buffer& buffer,
                      ResponseParser& parser) {
  std::vector<char> bytes(piece);
  while (!parser.is_done()) {
    parser.get().body().data = bytes.data();
    parser.get().body().size = bytes.size();
    const auto [problem, size] = co_await beast::http::async_read_some(socket, buffer, parser, quiet());
    const auto count = bytes.size() - parser.get().body().size;
    if (count > 0) {
      auto written = co_await exchange.write(asBytes(std::string_view(bytes.data(), count)));
      if (!written) co_return written;
    }
    if (problem && problem != beast::http::error::need_buffer) {
      co_return failure(Errc::unavailable, "the sandbox's server broke off: " + problem.message());
    }
  }
  co_return co_await exchange.finish();
}

}  // namespace

Task<void> forward(ExchangePtr exchange, std::uint16_t port, ForwardOptions options) {
  const auto loop = co_await asio::this_coro::executor;
  const Upstream upstream(loop, co_await asio::this_coro::cancellation_state);
  auto& socket = *upstream.socket;
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  const auto [refusal] = co_await socket.async_connect(endpoint, quiet());
  if (refusal) co_return noAnswer(port);
  const auto& request = exchange->request();
  const bool upgrade = request.headers.contains("Upgrade");
  const auto length = exchange->contentLength();
  const bool chunked = !upgrade && !length;
  const bool sent = co_await sendAll(socket, headFor(request, options, upgrade, chunked, length));
  if (!sent) co_return noAnswer(port);
  if (!upgrade) {
    auto body = co_await sendBody(*exchange, socket, chunked);
    if (!body) co_return body;
  }
  beast::flat_buffer buffer;
  ResponseParser parser;
  parser.body_limit(boost::none);
  if (request.method == "HEAD") parser.skip(true);
  const auto [problem, size] = co_await beast::http::async_read_header(socket, buffer, parser, quiet());
  if (problem) co_return noAnswer(port);
  const auto status = static_cast<int>(parser.get().result_int());
  auto headers = headersOf(parser, options);
  if (status == 101) {
    std::string head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
    for (const auto& [name, value] : headers)
      head += name + ": " + value + "\r\n";
    head += "\r\n";
    head.append(static_cast<const char*>(buffer.data().data()), buffer.size());
    co_return co_await tunnel(exchange, upstream.socket, std::move(head));
  }
  std::optional<std::uint64_t> replyLength;
  if (const auto known = parser.content_length()) replyLength = *known;
  auto begun = co_await exchange->begin(status, std::move(headers), replyLength);
  if (!begun) co_return begun;
  co_return co_await returnBody(*exchange, socket, buffer, parser);
}

Task<std::shared_ptr<tcp::socket>> dial(std::uint16_t port) {
  auto socket = std::make_shared<tcp::socket>(co_await asio::this_coro::executor);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  const auto [refusal] = co_await socket->async_connect(endpoint, quiet());
  if (refusal) co_return noAnswer(port);
  co_return socket;
}

Task<void> bridge(std::shared_ptr<http::WebSocket> client, std::shared_ptr<tcp::socket> server) {
  using namespace asio::experimental::awaitable_operators;
  co_await (sayTo(*server, *client) && hearFrom(*server, *client));
  co_return Result<void>();
}

Result<std::string> PreviewAddresses::addressOf(const std::string& key) {
  auto& server = servers_[key];
  if (!server) {
    auto handler = [gate = gate_, key](ExchangePtr exchange) { return gate(key, std::move(exchange)); };
    auto listening = Server::listen(loop_, 0, std::move(handler));
    if (!listening) {
      servers_.erase(key);
      return std::unexpected(std::move(listening).error());
    }
    server = std::move(*listening);
  }
  return server->url();
}

Task<void> PreviewAddresses::remove(std::string key) {
  const auto found = servers_.find(key);
  if (found == servers_.end()) co_return Result<void>();
  const auto server = std::move(found->second);
  servers_.erase(found);
  co_return co_await server->stop();
}

Task<void> PreviewAddresses::stop() {
  while (!servers_.empty()) {
    auto server = std::move(servers_.begin()->second);
    servers_.erase(servers_.begin());
    co_await server->stop();
  }
  co_return Result<void>();
}

}  // namespace mooring::emulation
