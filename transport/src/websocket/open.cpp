#include <mooring/http/policies/auth.hpp>
#include <mooring/http/url.hpp>

#include "websocket/connection.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <algorithm>

namespace mooring::http {

namespace detail {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

/// One attempt to connect: where to, until when, and what its failures mean.
struct Attempt {
  Url url = {};
  WebSocketRequest request = {};
  Clock::time_point connectBy = {};
  asio::cancellation_state state = {};
  bool asked = false;  ///< The upgrade may have reached the server.

  /// What `what` failing with `problem` is for the caller.
  [[nodiscard]] Error failed(const std::string& what, const boost::system::error_code& problem) const {
    const bool unknown = asked && request.idempotency == Idempotency::unsafe;
    auto inner = makeError(unknown ? Errc::outcomeUnknown : Errc::unavailable,
                           what + " " + url.host + ": " + problem.message() +
                               (asked ? "" : "; nothing was asked of the server"));
    auto code = inner.code;
    if (isCancelled(state)) {
      code = Errc::cancelled;
    } else if (request.deadline && Clock::now() >= *request.deadline) {
      code = Errc::deadlineExceeded;
    }
    if (code == inner.code) return inner;
    auto outer = makeError(code, inner.message);
    if (unknown) outer.cause = std::make_shared<const Error>(std::move(inner));
    return outer;
  }

  [[nodiscard]] Clock::time_point before(Clock::time_point limit) const {
    return request.deadline ? std::min(limit, *request.deadline) : limit;
  }
};

std::string hostHeader(const Url& url) {
  const auto text = url.origin();
  const auto host = text.substr(text.find("://") + 3);
  const bool usual = url.port == (url.encrypted() ? 443 : 80);
  return usual ? host.substr(0, host.rfind(':')) : host;
}

/// Asks the proxy for a tunnel to the server.
Task<void> tunnel(std::shared_ptr<Attempt> attempt, beast::tcp_stream& stream) {
  namespace bh = beast::http;
  const auto authority = attempt->url.host + ":" + std::to_string(attempt->url.port);
  bh::request<bh::empty_body> ask(bh::verb::connect, authority, 11);
  ask.set(bh::field::host, authority);
  const auto [writeProblem, written] = co_await bh::async_write(stream, ask, quiet());
  if (writeProblem)
    co_return std::unexpected(attempt->failed("cannot reach the proxy on the way to", writeProblem));
  beast::flat_buffer buffer;
  bh::response_parser<bh::empty_body> parser;
  parser.skip(true);
  const auto [readProblem, count] = co_await bh::async_read_header(stream, buffer, parser, quiet());
  if (readProblem) co_return std::unexpected(attempt->failed("the proxy does not lead to", readProblem));
  const auto status = parser.get().result_int();
  if (status / 100 != 2) {
    co_return failure(Errc::unavailable,
                      "the proxy answered " + std::to_string(status) + " on the way to " + attempt->url.host);
  }
  co_return Result<void>();
}

Task<void> connect(std::shared_ptr<Attempt> attempt, const Network& network, beast::tcp_stream& stream) {
  const auto proxyText = network.proxyFor(attempt->url.host, attempt->url.encrypted());
  Url target = attempt->url;
  if (!proxyText.empty()) {
    auto proxy = parseUrl(proxyText.find("://") == std::string::npos ? "http://" + proxyText : proxyText);
    if (!proxy || proxy->encrypted()) {
      co_return failure(Errc::notConfigured, "the proxy's address must be http://host:port for WebSockets");
    }
    target = *std::move(proxy);
  }
  stream.expires_at(attempt->before(attempt->connectBy));
  tcp::resolver resolver(stream.get_executor());
  // A lookup cannot be interrupted; at the limit its result is no longer waited for.
  asio::steady_timer limit(stream.get_executor(), attempt->before(attempt->connectBy));
  limit.async_wait([&resolver](boost::system::error_code fired) {
    if (!fired) resolver.cancel();
  });
  const auto [lookupProblem, endpoints] = co_await resolver.async_resolve(
      target.host, std::to_string(target.port), asio::as_tuple(asio::use_awaitable));
  limit.cancel();
  if (lookupProblem) co_return std::unexpected(attempt->failed("cannot find", lookupProblem));
  if (isCancelled(attempt->state))
    co_return failure(Errc::cancelled, "cancelled before connecting to " + attempt->url.host);
  const CutOnCancel cut(attempt->state, stream);
  const auto [problem, endpoint] = co_await stream.async_connect(endpoints, quiet());
  if (problem) co_return std::unexpected(attempt->failed("cannot connect to", problem));
  boost::system::error_code ignored;
  stream.socket().set_option(tcp::no_delay(true), ignored);
  if (proxyText.empty()) co_return Result<void>();
  co_return co_await tunnel(attempt, stream);
}

Response responseFrom(const beast::websocket::response_type& reply, const Url& url) {
  Response response;
  response.status = static_cast<int>(reply.result_int());
  response.body = reply.body();
  response.url = url.origin() + std::string(url.path());
  for (const auto& field : reply) {
    response.headers.add(std::string(field.name_string().data(), field.name_string().size()),
                         std::string(field.value().data(), field.value().size()));
  }
  return response;
}

template <class Next>
void configure(beast::websocket::stream<Next>& stream, const WebSocketRequest& request) {
  beast::websocket::stream_base::timeout limits{};
  limits.handshake_timeout = request.upgrade;
  limits.idle_timeout = request.silence.count() > 0
                            ? std::chrono::duration_cast<std::chrono::nanoseconds>(request.silence)
                            : beast::websocket::stream_base::none();
  limits.keep_alive_pings = request.silence.count() > 0;
  stream.set_option(limits);
  stream.read_message_max(request.maxMessage);
  stream.auto_fragment(false);
  stream.set_option(
      beast::websocket::stream_base::decorator([&request](beast::websocket::request_type& upgrade) {
        for (const auto& [name, value] : request.headers)
          upgrade.set(name, value);
        std::string offered;
        for (const auto& name : request.subprotocols)
          offered += (offered.empty() ? "" : ", ") + name;
        if (!offered.empty()) upgrade.set(beast::http::field::sec_websocket_protocol, offered);
        if (!request.token.empty())
          upgrade.set(beast::http::field::authorization, bearerValue(request.token));
      }));
}

template <class Next>
Task<Upgrade> upgrade(std::shared_ptr<Attempt> attempt,
                      std::unique_ptr<beast::websocket::stream<Next>> stream) {
  auto& lowest = beast::get_lowest_layer(*stream);
  configure(*stream, attempt->request);
  lowest.expires_never();  // From here on the WebSocket's own timers count.
  asio::steady_timer deadline(lowest.get_executor());
  if (attempt->request.deadline) {
    deadline.expires_at(*attempt->request.deadline);
    deadline.async_wait([&lowest](boost::system::error_code fired) {
      if (!fired) lowest.close();
    });
  }
  beast::websocket::response_type reply;
  attempt->asked = true;
  const auto host = hostHeader(attempt->url);
  boost::system::error_code problem;
  {
    const CutOnCancel cut(attempt->state, lowest);
    const auto [code] = co_await stream->async_handshake(reply, host, attempt->url.target, quiet());
    problem = code;
  }
  deadline.cancel();
  Upgrade result;
  result.response = responseFrom(reply, attempt->url);
  if (problem == beast::websocket::error::upgrade_declined) co_return result;
  if (problem) co_return std::unexpected(attempt->failed("no usable answer to the upgrade from", problem));
  const auto chosen = result.response.headers.get("Sec-WebSocket-Protocol").value_or("");
  result.socket = std::make_shared<Connection<Next>>(
      std::move(stream), attempt->url.host, std::string(chosen));
  co_return result;
}

Task<Upgrade> openPlain(std::shared_ptr<Attempt> attempt, const Network& network) {
  auto stream = std::make_unique<beast::websocket::stream<beast::tcp_stream>>(
      co_await asio::this_coro::executor);
  auto connected = co_await connect(attempt, network, beast::get_lowest_layer(*stream));
  if (!connected) co_return std::unexpected(std::move(connected).error());
  co_return co_await upgrade(attempt, std::move(stream));
}

Task<Upgrade> openEncrypted(std::shared_ptr<Attempt> attempt, const Network& network, ssl::context& trusted) {
  using Next = beast::ssl_stream<beast::tcp_stream>;
  auto stream = std::make_unique<beast::websocket::stream<Next>>(co_await asio::this_coro::executor, trusted);
  auto connected = co_await connect(attempt, network, beast::get_lowest_layer(*stream));
  if (!connected) co_return std::unexpected(std::move(connected).error());

  auto& tls = stream->next_layer();
  boost::system::error_code notAddress;
  asio::ip::make_address(attempt->url.host, notAddress);
  if (notAddress) {  // Names only, by RFC 6066. What SSL_set_tlsext_host_name() is short for, without its
                     // cast.
    SSL_ctrl(tls.native_handle(),
             SSL_CTRL_SET_TLSEXT_HOSTNAME,
             TLSEXT_NAMETYPE_host_name,
             attempt->url.host.data());
  }
  tls.set_verify_mode(ssl::verify_peer);
  tls.set_verify_callback(ssl::host_name_verification(attempt->url.host));
  boost::system::error_code problem;
  {
    const CutOnCancel cut(attempt->state, beast::get_lowest_layer(tls));
    const auto [code] = co_await tls.async_handshake(ssl::stream_base::client, quiet());
    problem = code;
  }
  if (problem) {
    auto error = attempt->failed("no encrypted connection to", problem);
    if (problem.category() == asio::error::get_ssl_category()) error.transience = Transience::permanent;
    co_return std::unexpected(std::move(error));
  }
  co_return co_await upgrade(attempt, std::move(stream));
}

class BeastWebSockets final : public WebSockets {
 public:
  explicit BeastWebSockets(Network network) : network_(std::move(network)) {}

  Task<Upgrade> open(WebSocketRequest request) override {
    auto url = parseUrl(request.url);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto attempt = std::make_shared<Attempt>();
    attempt->url = std::move(*url);
    attempt->connectBy = request.connect.count() > 0 ? Clock::now() + request.connect
                                                     : Clock::time_point::max();
    attempt->request = std::move(request);
    attempt->state = co_await asio::this_coro::cancellation_state;
    if (isCancelled(attempt->state)) co_return failure(Errc::cancelled, "cancelled before anything was sent");
    if (!attempt->url.encrypted()) co_return co_await openPlain(attempt, network_);
    if (auto loaded = loadTrusted(); !loaded) co_return std::unexpected(std::move(loaded).error());
    co_return co_await openEncrypted(attempt, network_, *trusted_);
  }

 private:
  Result<void> loadTrusted() {
    if (trusted_) return {};
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    boost::system::error_code problem;
    if (!network_.caFile.empty()) context->load_verify_file(network_.caFile, problem);
    if (!problem && !network_.caDirectory.empty()) context->add_verify_path(network_.caDirectory, problem);
    if (!problem && network_.caFile.empty() && network_.caDirectory.empty())
      context->set_default_verify_paths(problem);
    if (problem) {
      return failure(Errc::notConfigured,
                     "the trusted certificates (CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR) cannot be "
                     "read: " +
                         problem.message());
    }
    trusted_ = std::move(context);
    return {};
  }

  Network network_;
  std::unique_ptr<ssl::context> trusted_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<WebSockets> makeWebSockets(Network network) {
  return std::make_shared<detail::BeastWebSockets>(std::move(network));
}

}  // namespace mooring::http
