#include <mooring/emulation/waiting.hpp>
#include <mooring/http/websocket.hpp>

#include "emulation_toy.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <sys/resource.h>
#include <thread>

namespace mooring::test {

using emulation::ExchangePtr;
using emulation::Router;
using emulation::Stage;

namespace {

namespace asio = boost::asio;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

/// `size` bytes that nobody holds.
class Zeros final : public ByteSource {
 public:
  explicit Zeros(std::uint64_t size) : left_(size) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto count = std::min<std::uint64_t>(buffer.size(), left_);
    left_ -= count;
    co_return static_cast<std::size_t>(count);
  }

 private:
  std::uint64_t left_;
};

Task<void> countBody(ExchangePtr exchange) {
  std::vector<std::byte> buffer(65536);
  std::uint64_t total = 0;
  for (;;) {
    auto count = co_await exchange->read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    total += *count;
  }
  auto reply = emulation::textReply(200, std::to_string(total));
  co_return co_await exchange->reply(std::move(reply));
}

Task<void> manyPieces(ExchangePtr exchange) {
  http::Headers headers;
  headers.add("Content-Type", "application/octet-stream");
  auto begun = co_await exchange->begin(200, std::move(headers), std::nullopt);
  if (!begun) co_return begun;
  const std::string piece(65536, 'x');
  for (int i = 0; i < 160; ++i) {
    auto written = co_await exchange->write(asBytes(piece));
    if (!written) co_return written;
  }
  co_return co_await exchange->finish();
}

Task<void> echoMessages(ExchangePtr exchange) {
  const auto offered = exchange->subprotocols();
  emulation::AcceptOptions options;
  if (!offered.empty()) options.subprotocol = offered.back();
  auto socket = co_await exchange->accept(std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  for (;;) {
    auto message = co_await (*socket)->read();
    if (!message) co_return std::unexpected(std::move(message).error());
    if (!*message) co_return Result<void>();
    if ((*message)->data == "bye") {
      (*socket)->close(4001, "as you like");
      co_return Result<void>();
    }
    auto written = co_await (*socket)->write(std::move(**message));
    if (!written) co_return written;
  }
}

void serverRoutes(Router& router, const Stage& /*stage*/) {
  router.on("*", "/echo/{word}", echo).query({"a", "b"});
  router.stream("POST", "/count", countBody);
  router.stream("GET", "/pieces", manyPieces);
  router.stream("GET", "/socket", echoMessages);
}

/// Whatever bytes one likes to send.
class RawClient {
 public:
  explicit RawClient(const std::string& url) : socket_(loop_) {
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    socket_.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }
  void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  std::string readUntil(const std::string& mark) {
    const auto size = asio::read_until(socket_, asio::dynamic_buffer(unread_), mark);
    auto text = unread_.substr(0, size);
    unread_.erase(0, size);
    return text;
  }
  /// Everything until the server ends the connection.
  std::string rest() {
    boost::system::error_code end;
    std::string piece(4096, '\0');
    for (;;) {
      const auto size = socket_.read_some(asio::buffer(piece), end);
      unread_ += piece.substr(0, size);
      if (end) return std::exchange(unread_, std::string());
    }
  }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  asio::io_context loop_;
  asio::ip::tcp::socket socket_;
  std::string unread_;
};

}  // namespace

TEST_CASE("emulation server: connections are kept alive, bodies come back", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  const auto http = engineWith();
  for (int i = 0; i < 3; ++i) {
    auto reply = send(http, post(host->url() + "/echo/one%20two?a=1&b=2&a=3", "hello"));
    REQUIRE(ok(reply));
    CHECK(reply->status == 200);
    CHECK(reply->body == "POST /echo/one%20two hello");
  }
  CHECK(host->ledger().connections() == 1);
  CHECK(host->ledger().count("* /echo/{word}") == 3);
}

TEST_CASE("emulation server: a long upload streams through", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  const auto http = engineWith();
  auto request = post(host->url() + "/count", http::Body::stream(std::make_shared<Zeros>(64 * mebibyte)));
  request.buffer = 131072;
  auto reply = send(http, std::move(request));
  REQUIRE(ok(reply));
  CHECK(reply->body == std::to_string(64 * mebibyte));
}

TEST_CASE("emulation server: a reply in pieces is whole", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  auto reply = send(engineWith(), get(host->url() + "/pieces"));
  REQUIRE(ok(reply));
  CHECK(reply->body.size() == std::size_t{160} * 65536);
}

TEST_CASE("emulation server: HEAD has the head of GET and no body", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  RawClient client(host->url());
  client.send(
      "HEAD /echo/x HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto text = client.rest();
  CHECK(text.find("Content-Length: 13\r\n") != std::string::npos);
  CHECK(text.find("HEAD /echo/x") == std::string::npos);
  CHECK(text.ends_with("GET /echo/y "));
}

TEST_CASE("emulation server: a client that waits for 100 Continue gets it", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  RawClient client(host->url());
  client.send("POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.readUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK(client.readUntil("hi").find("HTTP/1.1 200 OK") == 0);
}

TEST_CASE("emulation server: what is not HTTP is refused", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  RawClient client(host->url());
  client.send("what?\r\n\r\n");
  CHECK(client.rest().find("HTTP/1.1 400") == 0);
}

TEST_CASE("emulation server: unknown paths, methods and queries are refused by name", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  const auto http = engineWith();
  auto missing = send(http, get(host->url() + "/nowhere"));
  REQUIRE(ok(missing));
  CHECK(missing->status == 404);
  CHECK(missing->body == R"({"path":"/nowhere","message":"Cannot GET /nowhere"})");
  auto method = send(http, get(host->url() + "/count"));
  REQUIRE(ok(method));
  CHECK(method->status == 405);
  auto query = send(http, get(host->url() + "/echo/x?c=1"));
  REQUIRE(ok(query));
  CHECK(query->status == 400);
  CHECK(query->body.find("query parameter c is unknown") != std::string::npos);
}

TEST_CASE("emulation server: a client that leaves cancels its handler", "[unit][emulation]") {
  std::promise<void> arrived;
  std::promise<Errc> ended;
  const auto wait = [&](ExchangePtr /*exchange*/) -> Task<void> {
    arrived.set_value();
    auto slept = co_await emulation::sleepFor(std::chrono::hours(1));
    ended.set_value(slept ? Errc::internal : slept.error().code);
    co_return slept;
  };
  const auto host = toyHost(
      [&](Router& router, const Stage& /*stage*/) { router.stream("POST", "/wait", wait); });
  RawClient client(host->url());
  client.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  arrived.get_future().wait();
  SECTION("by closing") { client.socket().close(); }
  SECTION("by closing its sending side") { client.socket().shutdown(asio::ip::tcp::socket::shutdown_send); }
  CHECK(ended.get_future().get() == Errc::cancelled);
}

TEST_CASE("emulation server: stopping ends what is going on", "[unit][emulation]") {
  std::promise<void> arrived;
  auto host = toyHost([&](Router& router, const Stage& /*stage*/) {
    router.stream("GET", "/wait", [&](ExchangePtr /*exchange*/) -> Task<void> {
      arrived.set_value();
      co_return co_await emulation::sleepFor(std::chrono::hours(1));
    });
  });
  auto waiting = start(engineWith(), get(host->url() + "/wait"));
  arrived.get_future().wait();
  host.reset();
  CHECK_FALSE(waiting.get());
}

TEST_CASE("emulation host: work can be put on its loop, awaited or not", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  std::thread::id loop;
  host->onLoop([&] { loop = std::this_thread::get_id(); });
  CHECK(loop != std::this_thread::get_id());
  std::thread::id awaited;
  const auto note = [&]() -> Task<void> {
    awaited = std::this_thread::get_id();
    co_return failure(Errc::conflict, "as it was told");
  };
  CHECK(failsWith(host->runOnLoop(note), Errc::conflict));
  CHECK(awaited == loop);
}

TEST_CASE("emulation server: WebSockets, with a subprotocol and a goodbye", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  const auto sockets = http::makeWebSockets();
  http::WebSocketRequest request;
  request.url = host->url() + "/socket";
  request.subprotocols = {"first", "second"};
  auto opened = run([](auto owner, auto wanted) -> Task<http::Upgrade> {
    co_return co_await owner->open(std::move(wanted));
  }(sockets, request));
  REQUIRE(ok(opened));
  REQUIRE(opened->socket);
  CHECK(opened->socket->subprotocol() == "second");
  const auto talk = [](std::shared_ptr<http::WebSocket> socket) -> Task<std::string> {
    const http::Message hello{"hello", true};
    auto written = co_await socket->write(hello);
    if (!written) co_return std::unexpected(std::move(written).error());
    auto heard = co_await socket->read();
    if (!heard) co_return std::unexpected(std::move(heard).error());
    const http::Message bye{"bye", true};
    co_await socket->write(bye);
    auto end = co_await socket->read();
    if (!end) co_return std::unexpected(std::move(end).error());
    co_return heard->value_or(http::Message()).data + (*end ? " and more" : "");
  };
  auto heard = run(talk(opened->socket));
  REQUIRE(ok(heard));
  CHECK(*heard == "hello");
  CHECK(opened->socket->closing().code == 4001);
  CHECK(opened->socket->closing().reason == "as you like");
}

TEST_CASE("emulation server: a thousand connections at a time", "[unit][emulation]") {
  const auto host = toyHost(serverRoutes);
  rlimit limits = {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limits) == 0);
  limits.rlim_cur = limits.rlim_max;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limits) == 0);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<RawClient>(host->url()));
    clients.back()->send("GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  int answered = 0;
  for (const auto& client : clients)
    answered += client->readUntil("GET /echo/x ").starts_with("HTTP/1.1 200") ? 1 : 0;
  CHECK(answered == 1000);
}

}  // namespace mooring::test
