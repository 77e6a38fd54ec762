#include "websocket/opening.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace mooring::http::detail {

using asio::ip::tcp;

std::string hostHeader(const Url& url) {
  const auto text = url.origin();
  const auto host = text.substr(text.find("://") + 3);
  const bool usual = url.port == (url.encrypted() ? 443 : 80);
  return usual ? host.substr(0, host.rfind(':')) : host;
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

namespace {

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

}  // namespace

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
  const auto giveUp = [&resolver] { resolver.cancel(); };
  const Alarm limit(stream.get_executor(), attempt->before(attempt->connectBy), giveUp);
  const auto [lookupProblem, endpoints] = co_await resolver.async_resolve(
      target.host, std::to_string(target.port), asio::as_tuple(asio::use_awaitable));
  if (lookupProblem) co_return std::unexpected(attempt->failed("cannot find", lookupProblem));
  if (isCancelled(attempt->state))
    co_return failure(Errc::cancelled, "cancelled before connecting to " + attempt->url.host);
  const CutOnCancel cut(attempt->state, stream);
  const auto [problem, endpoint] = co_await stream.async_connect(endpoints, quiet());
  if (problem) co_return std::unexpected(attempt->failed("cannot connect to", problem));
  boost::system::error_code ignored;
  static_cast<void>(stream.socket().set_option(tcp::no_delay(true), ignored));
  if (proxyText.empty()) co_return Result<void>();
  co_return co_await tunnel(attempt, stream);
}

}  // namespace mooring::http::detail
