#include <mooring/emulation/proxy.hpp>

#include "emulation_toy.hpp"
#include "support/http_server.hpp"

namespace mooring::test {

using emulation::ExchangePtr;
using emulation::ForwardOptions;
using emulation::Router;
using emulation::Stage;

namespace {

std::uint16_t portOf(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

/// What stands for a server in a sandbox.
void insideRoutes(Router& router, const Stage& /*stage*/) {
  router
      .on("*",
          "/echo/{rest...}",
          [](ExchangePtr exchange) -> Task<emulation::Reply> {
            const auto& request = exchange->request();
            std::string said = request.method + " " + request.target + " " +
                               std::string(request.headers.get("X-Mine").value_or("-")) + " " +
                               std::string(request.headers.get("X-Token").value_or("-")) + " ";
            auto body = co_await exchange->body();
            if (!body) co_return std::unexpected(std::move(body).error());
            auto reply = emulation::textReply(418, said + std::to_string(body->size()));
            reply.headers.add("X-From", "inside");
            co_return reply;
          })
      .anyQuery();
  router.stream("GET", "/pieces", [](ExchangePtr exchange) -> Task<void> {
    http::Headers headers;
    auto begun = co_await exchange->begin(200, std::move(headers), std::nullopt);
    if (!begun) co_return begun;
    const std::string piece(65536, 'p');
    for (int i = 0; i < 64; ++i) {
      auto written = co_await exchange->write(asBytes(piece));
      if (!written) co_return written;
    }
    co_return co_await exchange->finish();
  });
  router.stream("GET", "/socket", [](ExchangePtr exchange) -> Task<void> {
    emulation::AcceptOptions options;
    auto socket = co_await exchange->accept(std::move(options));
    if (!socket) co_return std::unexpected(std::move(socket).error());
    for (;;) {
      auto message = co_await (*socket)->read();
      if (!message || !*message) co_return Result<void>();
      auto written = co_await (*socket)->write(std::move(**message));
      if (!written) co_return written;
    }
  });
}

std::unique_ptr<emulation::Host> proxyTo(std::uint16_t port) {
  return toyHost([port](Router& router, const Stage& /*stage*/) {
    router
        .stream("*",
                "/{rest...}",
                [port](ExchangePtr exchange) {
                  ForwardOptions options;
                  options.dropHeaders = {"X-Token"};
                  options.addHeaders.add("X-Proxy", "yes");
                  return emulation::forward(std::move(exchange), port, std::move(options));
                })
        .anyQuery();
  });
}

}  // namespace

TEST_CASE("emulation proxy: requests and replies pass through, the proxy's own token does not",
          "[unit][emulation]") {
  const auto inside = toyHost(insideRoutes);
  const auto proxy = proxyTo(portOf(inside->url()));
  auto request = post(proxy->url() + "/echo/a%20b?q=1&q=2", std::string(300000, 'x'));
  request.headers.add("X-Mine", "mine");
  request.headers.add("X-Token", "secret");
  auto reply = send(engineWith(), request);
  REQUIRE(ok(reply));
  CHECK(reply->status == 418);
  CHECK(reply->body == "POST /echo/a%20b?q=1&q=2 mine - 300000");
  CHECK(reply->headers.get("X-From") == "inside");
  CHECK(reply->headers.get("X-Proxy") == "yes");
}

TEST_CASE("emulation proxy: chunked bodies pass through in both directions", "[unit][emulation]") {
  const auto inside = toyHost(insideRoutes);
  const auto proxy = proxyTo(portOf(inside->url()));
  auto up = send(engineWith(),
                 post(proxy->url() + "/echo/x", http::Body::stream(sourceOf(std::string(200000, 'y')))));
  REQUIRE(ok(up));
  CHECK(up->body == "POST /echo/x - - 200000");
  auto down = send(engineWith(), get(proxy->url() + "/pieces"));
  REQUIRE(ok(down));
  CHECK(down->body.size() == std::size_t{64} * 65536);
}

TEST_CASE("emulation proxy: WebSockets pass through", "[unit][emulation]") {
  const auto inside = toyHost(insideRoutes);
  const auto proxy = proxyTo(portOf(inside->url()));
  const auto sockets = http::makeWebSockets();
  const auto talk = [](std::shared_ptr<http::WebSockets> owner, std::string url) -> Task<std::string> {
    http::WebSocketRequest request;
    request.url = std::move(url);
    auto opened = co_await owner->open(std::move(request));
    if (!opened) co_return std::unexpected(std::move(opened).error());
    if (!opened->socket) co_return std::to_string(opened->response.status);
    const http::Message message{std::string(100000, 'm'), false};
    auto written = co_await opened->socket->write(message);
    if (!written) co_return std::unexpected(std::move(written).error());
    auto heard = co_await opened->socket->read();
    if (!heard) co_return std::unexpected(std::move(heard).error());
    co_return heard->value_or(http::Message()).data;
  };
  auto heard = run(talk(sockets, proxy->url() + "/socket"));
  REQUIRE(ok(heard));
  CHECK(*heard == std::string(100000, 'm'));
}

TEST_CASE("emulation proxy: a port where nobody listens is a bad gateway", "[unit][emulation]") {
  const auto proxy = proxyTo(closedPort());
  auto reply = send(engineWith(), get(proxy->url() + "/x"));
  REQUIRE(ok(reply));
  CHECK(reply->status == 502);
}

}  // namespace mooring::test
