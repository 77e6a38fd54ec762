#include <mooring/http/transport.hpp>
#include <mooring/http/websocket.hpp>

#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <future>
#include <thread>

using namespace mooring;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

/// One connection, served by a blocking script.
class WsServer {
 public:
  using Stream = beast::websocket::stream<asio::ip::tcp::socket>;

  explicit WsServer(std::function<void(Stream&)> script)
      : acceptor_(loop_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this, script = std::move(script)] {
          try {
            Stream stream(acceptor_.accept());
            stream.set_option(
                beast::websocket::stream_base::decorator([](beast::websocket::response_type& reply) {
                  reply.set("Sec-WebSocket-Protocol", "second");
                }));
            stream.accept();
            script(stream);
          } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
            // The client decides how a connection ends; the test looks at its side.
          }
        }) {}
  ~WsServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  WsServer(const WsServer&) = delete;
  WsServer& operator=(const WsServer&) = delete;
  [[nodiscard]] std::string url() const {
    return "ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/exec?env=SECRET";
  }

 private:
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

Task<http::Upgrade> opening(std::shared_ptr<http::WebSockets> sockets, http::WebSocketRequest request) {
  co_return co_await sockets->open(std::move(request));
}
Task<std::optional<http::Message>> reading(std::shared_ptr<http::WebSocket> socket) {
  co_return co_await socket->read();
}
Task<void> writing(std::shared_ptr<http::WebSocket> socket, http::Message message) {
  co_return co_await socket->write(std::move(message));
}

Result<http::Upgrade> open(std::string url,
                           http::WebSocketRequest request = http::WebSocketRequest(),
                           http::Network network = http::Network()) {
  request.url = std::move(url);
  return test::run(opening(http::makeWebSockets(std::move(network)), std::move(request)));
}

/// On the loop, where sockets belong.
void drop(http::Upgrade upgrade) {
  const auto dropped = test::run([](http::Upgrade owned) -> Task<void> {
    owned.socket.reset();
    co_return Result<void>();
  }(std::move(upgrade)));
  CHECK(test::ok(dropped));
}

}  // namespace

TEST_CASE("websocket: messages of both kinds pass both ways", "[unit][transport]") {
  WsServer server([](WsServer::Stream& stream) {
    for (int i = 0; i < 3; ++i) {
      beast::flat_buffer buffer;
      stream.read(buffer);
      stream.text(stream.got_text());
      stream.write(buffer.data());
    }
    stream.close(beast::websocket::close_reason(static_cast<beast::websocket::close_code>(4008), "done"));
  });
  http::WebSocketRequest request;
  request.subprotocols = {"first", "second"};
  auto upgrade = open(server.url(), request);
  REQUIRE(test::ok(upgrade));
  REQUIRE(upgrade->socket);
  CHECK(upgrade->response.status == 101);
  CHECK(upgrade->socket->subprotocol() == "second");
  const std::vector<http::Message> messages = {
      {"text", true}, {std::string("\0\1\2", 3), false}, {std::string(1U << 20U, 'x'), false}};
  for (const auto& message : messages) {
    REQUIRE(test::ok(test::run(writing(upgrade->socket, message))));
    const auto echoed = test::run(reading(upgrade->socket));
    REQUIRE(test::ok(echoed));
    CHECK(*echoed == message);
  }
  const auto end = test::run(reading(upgrade->socket));
  REQUIRE(test::ok(end));
  CHECK_FALSE(end->has_value());
  CHECK(upgrade->socket->closing().code == 4008);
  CHECK(upgrade->socket->closing().reason == "done");
  drop(*std::move(upgrade));
}

TEST_CASE("websocket: a refusal is a response with its status and body", "[unit][transport]") {
  std::string seen;
  test::HttpServer server([&](test::Exchange& exchange) {
    seen = exchange.request().header("Authorization").value_or("none") + " " +
           exchange.request().header("X-One").value_or("");
    exchange.reply(401, R"({"error":"authentication failed"})", {{"X-Request-Id", "r"}});
  });
  http::WebSocketRequest request;
  request.token = Secret("tok");
  request.headers.add("X-One", "1");
  const auto upgrade = open(server.url("/exec"), request);
  REQUIRE(test::ok(upgrade));
  CHECK_FALSE(upgrade->socket);
  CHECK(upgrade->response.status == 401);
  CHECK(upgrade->response.body == R"({"error":"authentication failed"})");
  CHECK(upgrade->response.headers.get("X-Request-Id") == "r");
  CHECK(seen == "Bearer tok 1");
}

TEST_CASE("websocket: a failure to open says whether the server can have acted, and nothing private",
          "[unit][transport]") {
  http::WebSocketRequest request;
  request.idempotency = http::Idempotency::unsafe;
  const auto refused = open("ws://127.0.0.1:" + std::to_string(test::closedPort()) + "/?env=SECRET", request);
  CHECK(test::failsWith(refused, Errc::unavailable));
  CHECK(describe(refused.error()).find("SECRET") == std::string::npos);
  test::HttpServer server([](test::Exchange& exchange) { exchange.reset(); });
  const auto cut = open(server.url("/?env=SECRET"), request);
  CHECK(test::failsWith(cut, Errc::outcomeUnknown));
  CHECK(describe(cut.error()).find("SECRET") == std::string::npos);
  request.idempotency = http::Idempotency::safe;
  CHECK(test::failsWith(open(server.url("/"), request), Errc::unavailable));
}

TEST_CASE("websocket: a message beyond the limit is refused", "[unit][transport]") {
  WsServer server([](WsServer::Stream& stream) {
    stream.binary(true);
    stream.write(asio::buffer(std::string(2000, 'x')));
    beast::flat_buffer buffer;
    stream.read(buffer);
  });
  http::WebSocketRequest request;
  request.maxMessage = 1000;
  auto upgrade = open(server.url(), request);
  REQUIRE(test::ok(upgrade));
  REQUIRE(upgrade->socket);
  CHECK(test::failsWith(test::run(reading(upgrade->socket)), Errc::corrupted, "longer message"));
  drop(*std::move(upgrade));
}

TEST_CASE("websocket: a cut connection is an error, not an end", "[unit][transport]") {
  WsServer server([](WsServer::Stream& stream) { stream.next_layer().close(); });
  auto upgrade = open(server.url());
  REQUIRE(test::ok(upgrade));
  REQUIRE(upgrade->socket);
  CHECK(test::failsWith(test::run(reading(upgrade->socket)), Errc::unavailable));
  drop(*std::move(upgrade));
}

TEST_CASE("websocket: cancelling a read cuts the connection, which the server sees", "[unit][transport]") {
  test::Latch gone;
  std::promise<void> accepted;
  WsServer server([&](WsServer::Stream& stream) {
    accepted.set_value();
    beast::flat_buffer buffer;
    boost::system::error_code problem;
    stream.read(buffer, problem);
    if (problem) gone.open();
  });
  auto upgrade = open(server.url());
  REQUIRE(test::ok(upgrade));
  REQUIRE(upgrade->socket);
  accepted.get_future().wait();
  std::stop_source stop;
  CallOptions call;
  call.stopToken = stop.get_token();
  Operation<std::optional<http::Message>> operation(
      test::engine(), call, [socket = upgrade->socket] { return reading(socket); });
  auto pending = operation.start();
  stop.request_stop();
  CHECK(test::failsWith(pending.get(), Errc::cancelled));
  drop(*std::move(upgrade));
  CHECK(gone.wait());
}

TEST_CASE("websocket: closing does not wait for the server's answer", "[unit][transport]") {
  test::Latch release;
  test::Latch closed;
  WsServer server([&](WsServer::Stream& stream) {
    release.wait();
    beast::flat_buffer buffer;
    boost::system::error_code problem;
    stream.read(buffer, problem);
    if (problem == beast::websocket::error::closed && stream.reason().code == 1000) closed.open();
  });
  auto upgrade = open(server.url());
  REQUIRE(test::ok(upgrade));
  REQUIRE(upgrade->socket);
  const auto result = test::run([](std::shared_ptr<http::WebSocket> socket) -> Task<void> {
    socket->close();
    http::Message message;
    co_return co_await socket->write(std::move(message));
  }(upgrade->socket));
  CHECK(test::failsWith(result, Errc::unavailable, "closed on this side"));
  release.open();
  CHECK(closed.wait());
  drop(*std::move(upgrade));
}

TEST_CASE("websocket: wss trusts the given authority and nobody else", "[unit][transport]") {
  const auto authority = std::make_shared<test::TestAuthority>();
  const test::TempDir files;
  test::writeFile(files / "ca.pem", authority->caPem);
  test::HttpServer server([](test::Exchange& exchange) { exchange.reply(404, "no such session"); },
                          {.tls = authority});
  const auto url = "wss://localhost:" + std::to_string(server.port()) + "/";
  http::Network network;
  network.caFile = (files / "ca.pem").string();
  const auto trusted = open(url, {}, network);
  REQUIRE(test::ok(trusted));
  CHECK(trusted->response.status == 404);
  CHECK(test::failsWith(open(url), Errc::unavailable));
  CHECK(server.requests() == 1);
  network.caFile = (files / "missing.pem").string();
  CHECK(test::failsWith(open(url, {}, network), Errc::notConfigured));
}
