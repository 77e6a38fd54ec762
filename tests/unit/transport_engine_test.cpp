#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"

#include <mooring/http/engine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <future>

using namespace mooring;
using namespace std::chrono_literals;
using test::Exchange;
using test::HttpServer;

namespace {

std::shared_ptr<http::Transport> engineWith(http::EngineOptions options = http::EngineOptions()) {
  auto engine = http::makeEngine(detail::loopOf(*test::engine()), std::move(options));
  REQUIRE(test::ok(engine));
  return *engine;
}

http::Request get(std::string url) {
  http::Request request;
  request.target = std::move(url);
  return request;
}

http::Request post(std::string url, http::Body body = {}) {
  http::Request request;
  request.method = http::Method::post;
  request.target = std::move(url);
  request.body = std::move(body);
  return request;
}

/// Made on the loop: send() belongs there.
Task<http::Response> sending(std::shared_ptr<http::Transport> http, http::Request request) {
  co_return co_await http->send(std::move(request));
}

Result<http::Response> send(const std::shared_ptr<http::Transport>& http, http::Request request,
                            CallOptions call = CallOptions()) {
  return test::run(sending(http, std::move(request)), std::move(call));
}

std::future<Result<http::Response>> start(const std::shared_ptr<http::Transport>& http, http::Request request,
                                          CallOptions call = CallOptions()) {
  Operation<http::Response> operation(test::engine(), std::move(call), [http, request]() { return sending(http, request); });
  return operation.start();
}

class Collect final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
  std::string text;
};

/// Endless, and counts what was asked of it.
class Zeros final : public ByteSource {
 public:
  explicit Zeros(std::uint64_t total) : left_(total) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto count = std::min<std::uint64_t>(left_, buffer.size());
    left_ -= count;
    given += count;
    co_return static_cast<std::size_t>(count);
  }
  std::atomic<std::uint64_t> given = 0;

 private:
  std::uint64_t left_;
};

}  // namespace

TEST_CASE("engine: a request arrives as written and its reply comes back", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) {
    exchange.readBody();
    const auto& request = exchange.request();
    exchange.reply(201, request.method + " " + request.target + " " + request.header("X-One").value_or("") + " " +
                            request.header("Content-Type").value_or("none") + " " +
                            request.header("Expect").value_or("none") + " " + request.body,
                   {{"X-Two", "a"}, {"x-two", "b"}});
  });
  auto request = post(server.url("/p/%20q?x=1&y=%2F"), "the body");
  request.headers.add("X-One", "1");
  const auto response = send(engineWith(), std::move(request));

  REQUIRE(test::ok(response));
  CHECK(response->status == 201);
  CHECK(response->body == "POST /p/%20q?x=1&y=%2F 1 none none the body");
  CHECK(response->headers.all("X-TWO").size() == 2);
  CHECK(response->timings.newConnection);
}

TEST_CASE("engine: every method says what it means", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) {
    exchange.readBody();
    const auto& request = exchange.request();
    exchange.reply(200, {}, {{"X-Seen", request.method + ":" + request.header("Content-Length").value_or("none") + ":" + request.body}});
  });
  const auto http = engineWith();
  const auto seen = [&](http::Method method, const char* body) {
    auto request = get(server.url("/"));
    request.method = method;
    request.body = body;
    const auto response = send(http, std::move(request));
    REQUIRE(test::ok(response));
    return std::string(response->headers.get("X-Seen").value_or(""));
  };
  CHECK(seen(http::Method::get, "") == "GET:none:");
  CHECK(seen(http::Method::head, "") == "HEAD:none:");
  CHECK(seen(http::Method::post, "") == "POST:0:");
  CHECK(seen(http::Method::put, "x") == "PUT:1:x");
  CHECK(seen(http::Method::patch, "x") == "PATCH:1:x");
  CHECK(seen(http::Method::del, "") == "DELETE:none:");
  CHECK(seen(http::Method::del, "x") == "DELETE:1:x");
}

TEST_CASE("engine: an error status is a reply", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(503, "busy"); });
  const auto response = send(engineWith(), get(server.url("/")));
  REQUIRE(test::ok(response));
  CHECK(response->status == 503);
  CHECK(response->body == "busy");
}

TEST_CASE("engine: ten thousand requests one after the other use one connection", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200, "x"); });
  const auto http = engineWith();
  auto all = [](std::shared_ptr<http::Transport> transport, std::string url) -> Task<int> {
    int good = 0;
    for (int i = 0; i < 10000; ++i) {
      auto response = co_await transport->send(get(url));
      if (response && response->body == "x") ++good;
    }
    co_return good;
  };
  const auto good = test::run(all(http, server.url("/")));
  REQUIRE(test::ok(good));
  CHECK(*good == 10000);
  CHECK(server.connections() == 1);
  CHECK(server.requests() == 10000);
}

TEST_CASE("engine: two hundred at once share the connections that one host may have", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200, exchange.request().target); });
  http::EngineOptions options;
  options.connectionsPerHost = 8;
  const auto http = engineWith(options);
  std::vector<std::future<Result<http::Response>>> pending;
  for (int i = 0; i < 200; ++i) pending.push_back(start(http, get(server.url("/" + std::to_string(i)))));
  for (int i = 0; i < 200; ++i) {
    const auto response = pending.at(static_cast<std::size_t>(i)).get();
    REQUIRE(test::ok(response));
    CHECK(response->body == "/" + std::to_string(i));
  }
  CHECK(server.mostAtOnce() <= 8);
}

TEST_CASE("engine: cancelling closes the connection, which the server sees", "[unit][transport]") {
  test::Latch arrived;
  test::Latch gone;
  HttpServer server([&](Exchange& exchange) {
    arrived.open();
    if (exchange.clientGone()) gone.open();
  });
  std::stop_source stop;
  CallOptions call;
  call.stopToken = stop.get_token();
  const auto http = engineWith();
  auto pending = start(http, post(server.url("/"), "x"), call);
  REQUIRE(arrived.wait());
  stop.request_stop();
  const auto response = pending.get();
  CHECK(test::failsWith(response, Errc::cancelled));
  CHECK(gone.wait());
}

TEST_CASE("engine: what was cancelled before it began sends nothing", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200); });
  std::stop_source stop;
  stop.request_stop();
  CallOptions call;
  call.stopToken = stop.get_token();
  const auto response = start(engineWith(), get(server.url("/")), call).get();
  CHECK(test::failsWith(response, Errc::cancelled));
  CHECK(server.requests() <= 1);
}

TEST_CASE("engine: a failure says whether the server can have acted", "[unit][transport]") {
  struct Case {
    const char* what;
    test::Script script;
    Errc safe;
    Errc unsafe;
  };
  const auto what = GENERATE(range(0, 7));
  const std::vector<Case> cases = {
      {"closed instead of an answer", [](Exchange& e) { e.close(); }, Errc::unavailable, Errc::outcomeUnknown},
      {"reset instead of an answer", [](Exchange& e) { e.reset(); }, Errc::unavailable, Errc::outcomeUnknown},
      {"cut in the head", [](Exchange& e) { e.send("HTTP/1.1 200 OK\r\nContent-Le"); e.close(); }, Errc::unavailable,
       Errc::outcomeUnknown},
      {"shorter than its length",
       [](Exchange& e) { e.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"); e.close(); }, Errc::unavailable,
       Errc::outcomeUnknown},
      {"cut between chunks",
       [](Exchange& e) { e.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"); e.close(); },
       Errc::unavailable, Errc::outcomeUnknown},
      {"reset within the body",
       [](Exchange& e) { e.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"); e.reset(); }, Errc::unavailable,
       Errc::outcomeUnknown},
      {"not HTTP", [](Exchange& e) { e.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"); e.close(); }, Errc::corrupted, Errc::outcomeUnknown},
  };
  const auto& chosen = cases.at(static_cast<std::size_t>(what));
  INFO(chosen.what);
  HttpServer server(chosen.script);
  CHECK(test::failsWith(send(engineWith(), get(server.url("/"))), chosen.safe));
  CHECK(test::failsWith(send(engineWith(), post(server.url("/"), "x")), chosen.unsafe));
}

TEST_CASE("engine: where nothing was sent, even an unsafe request is only unavailable", "[unit][transport]") {
  const auto http = engineWith();
  const auto refused = send(http, post("http://127.0.0.1:" + std::to_string(test::closedPort()) + "/", "x"));
  CHECK(test::failsWith(refused, Errc::unavailable, "nothing was sent"));
  CHECK_FALSE(http::mayHaveHappened(refused.error()));
  const auto unknown = send(http, post("http://no-such-host.invalid/", "x"));
  CHECK(test::failsWith(unknown, Errc::unavailable, "no-such-host.invalid"));
  // It closes before the handshake is over.
  HttpServer plain([](Exchange& exchange) { exchange.close(); });
  const auto shaken = send(http, post("https://127.0.0.1:" + std::to_string(plain.port()) + "/", "x"));
  CHECK(test::failsWith(shaken, Errc::unavailable, "nothing was sent"));
}

TEST_CASE("engine: an unsafe request is not repeated on a connection that died under it", "[unit][transport]") {
  // libcurl repeats by itself what it wrote to a reused connection that then ended without an answer.
  std::atomic<int> posts = 0;
  HttpServer server([&](Exchange& exchange) {
    exchange.readBody();
    if (exchange.request().method == "POST") ++posts;
    if (exchange.number() == 1) return exchange.reply(200);
    exchange.close();
  });
  const auto http = engineWith();
  REQUIRE(test::ok(send(http, get(server.url("/")))));
  const auto response = send(http, post(server.url("/"), "once"));
  CHECK(test::failsWith(response, Errc::outcomeUnknown));
  CHECK(posts == 1);

  REQUIRE(test::ok(send(http, get(server.url("/")))));
  auto safe = post(server.url("/"), "again");
  safe.idempotency = http::Idempotency::safe;
  CHECK(test::ok(send(http, std::move(safe))));
  CHECK(posts == 3);
}

TEST_CASE("engine: a sink gets the body of success, and the reply keeps that of an error", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) {
    if (exchange.request().target == "/bad") return exchange.reply(404, "no such thing");
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    exchange.close();
  });
  const auto http = engineWith();
  auto sink = std::make_shared<Collect>();
  auto request = get(server.url("/good"));
  request.sink = http::whenOk(sink);
  const auto good = send(http, request);
  REQUIRE(test::ok(good));
  CHECK(sink->text == "onetwo");
  CHECK(good->body.empty());

  request.target = server.url("/bad");
  const auto bad = send(http, request);
  REQUIRE(test::ok(bad));
  CHECK(bad->body == "no such thing");
  CHECK(sink->text == "onetwo");
}

TEST_CASE("engine: a slow sink makes the server wait", "[unit][transport]") {
  constexpr std::size_t total = std::size_t{64} * 1024 * 1024;
  std::atomic<std::size_t> sent = 0;
  HttpServer server([&](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(total) + "\r\n\r\n");
    const std::string piece(std::size_t{64} * 1024, 'x');
    for (std::size_t done = 0; done < total; done += piece.size()) {
      if (!exchange.send(piece)) return;
      sent += piece.size();
    }
  });

  /// Stands still in its first write until it is let go.
  class Stalled final : public ByteSink {
   public:
    explicit Stalled(boost::asio::any_io_executor loop) : gate(loop, boost::asio::steady_timer::time_point::max()) {}
    Task<void> write(std::span<const std::byte> bytes) override {
      got += bytes.size();
      largest = std::max(largest, bytes.size());
      if (!std::exchange(stalled, true)) {
        reached.open();
        co_await gate.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      }
      co_return Result<void>();
    }
    boost::asio::steady_timer gate;
    test::Latch reached;
    bool stalled = false;
    std::size_t got = 0;
    std::size_t largest = 0;
  };
  const auto loop = detail::loopOf(*test::engine());
  auto sink = std::make_shared<Stalled>(loop);
  auto request = get(server.url("/"));
  request.sink = http::whenOk(sink);
  request.buffer = std::size_t{64} * 1024;
  const auto http = engineWith();
  auto pending = start(http, request);
  REQUIRE(sink->reached.wait());
  // The server writes until the buffers between the two are full; then it makes no more progress.
  std::size_t before = 0;
  do {
    before = sent;
    std::this_thread::sleep_for(200ms);  // Not for order: only the absence of progress can be observed in time.
  } while (sent != before);
  CHECK(before < total / 2);
  boost::asio::post(loop, [sink] { sink->gate.cancel(); });
  const auto response = pending.get();
  REQUIRE(test::ok(response));
  CHECK(sink->got == total);
  CHECK(sink->largest <= std::size_t{256} * 1024);
}

TEST_CASE("engine: a slow server makes the body's source wait", "[unit][transport]") {
  constexpr std::uint64_t total = std::uint64_t{64} * 1024 * 1024;
  test::Latch go;
  std::atomic<std::size_t> received = 0;
  HttpServer server([&](Exchange& exchange) {
    go.wait();
    while (const auto count = exchange.readSome(std::size_t{1024} * 1024)) received += count;
    exchange.reply(200);
  });
  auto source = std::make_shared<Zeros>(total);
  const auto http = engineWith();
  auto pending = start(http, post(server.url("/"), http::Body::stream(source)));
  std::uint64_t before = 0;
  do {
    before = source->given;
    std::this_thread::sleep_for(200ms);  // As above.
  } while (source->given != before || before == 0);
  CHECK(before < total / 2);
  go.open();
  const auto response = pending.get();
  REQUIRE(test::ok(response));
  CHECK(received == total);
}

TEST_CASE("engine: a streamed body announces its length, or goes in chunks", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) {
    exchange.readBody();
    const auto& request = exchange.request();
    exchange.reply(200, request.method + " " + request.header("Content-Length").value_or("-") + " " +
                            request.header("Transfer-Encoding").value_or("-") + " " + request.body);
  });
  const auto http = engineWith();
  const auto known = send(http, post(server.url("/"), http::Body::stream(sourceOf("abc"))));
  REQUIRE(test::ok(known));
  CHECK(known->body == "POST 3 - abc");

  class Unknown final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte> buffer) override { return inner->read(buffer); }
    std::shared_ptr<ByteSource> inner = sourceOf("xyz");
  };
  auto request = post(server.url("/"), http::Body::stream(std::make_shared<Unknown>()));
  request.method = http::Method::put;
  const auto unknown = send(http, std::move(request));
  REQUIRE(test::ok(unknown));
  CHECK(unknown->body == "PUT - chunked xyz");
}

TEST_CASE("engine: a source that fails or lies about its length fails the request", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200); });
  class Failing final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte>) override { co_return failure(Errc::notFound, "the file is gone"); }
  };
  const auto http = engineWith();
  CHECK(test::failsWith(send(http, post(server.url("/"), http::Body::stream(std::make_shared<Failing>()))),
                        Errc::notFound, "the file is gone"));
  class Liar final : public ByteSource {
   public:
    explicit Liar(std::uint64_t claimed) : claimed_(claimed) {}
    Task<std::size_t> read(std::span<std::byte> buffer) override { return inner_->read(buffer); }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return claimed_; }

   private:
    std::shared_ptr<ByteSource> inner_ = sourceOf("12345");
    std::uint64_t claimed_;
  };
  CHECK(test::failsWith(send(http, post(server.url("/"), http::Body::stream(std::make_shared<Liar>(10)))),
                        Errc::invalidArgument, "ended after 5"));
  CHECK(test::failsWith(send(http, post(server.url("/"), http::Body::stream(std::make_shared<Liar>(2)))),
                        Errc::invalidArgument, "more than the 2"));
}

TEST_CASE("engine: a reply longer than expected is refused", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200, std::string(5000, 'x')); });
  auto request = get(server.url("/"));
  request.maxBody = 4999;
  CHECK(test::failsWith(send(engineWith(), request), Errc::corrupted, "4999"));
  request.maxBody = 5000;
  CHECK(test::ok(send(engineWith(), request)));
}

TEST_CASE("engine: each limit is reported by its name", "[unit][transport]") {
  test::Latch over;
  HttpServer server([&](Exchange& exchange) {
    exchange.readBody();
    if (exchange.request().target == "/begin") exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    over.wait();
    exchange.close();
  });
  const auto http = engineWith();
  auto request = post(server.url("/"), "x");
  request.timeouts.firstByte = 50ms;
  CHECK(test::failsWith(send(http, request), Errc::outcomeUnknown, "did not begin to answer within 50 ms"));
  request.idempotency = http::Idempotency::safe;
  CHECK(test::failsWith(send(http, request), Errc::unavailable, "did not begin to answer within 50 ms"));
  request.timeouts.firstByte = {};
  request.timeouts.total = 50ms;
  CHECK(test::failsWith(send(http, request), Errc::unavailable, "took longer than 50 ms"));
  request.timeouts.total = {};
  request.timeouts.silence = 50ms;
  request.target = server.url("/begin");
  CHECK(test::failsWith(send(http, request), Errc::unavailable, "was silent for 50 ms"));
  request.timeouts.silence = {};
  request.idempotency = http::Idempotency::unsafe;
  request.deadline = std::chrono::steady_clock::now() + 50ms;
  const auto late = send(http, request);
  CHECK(test::failsWith(late, Errc::deadlineExceeded));
  REQUIRE_FALSE(late);
  CHECK(http::mayHaveHappened(late.error()));
  const auto tooLate = send(http, request);
  CHECK(test::failsWith(tooLate, Errc::deadlineExceeded, "before anything was sent"));
  over.open();
}

TEST_CASE("engine: TLS works with a trusted certificate and sends nothing without", "[unit][transport]") {
  const auto authority = std::make_shared<test::TestAuthority>();
  const test::TempDir files;
  test::writeFile(files / "ca.pem", authority->caPem);
  HttpServer server([](Exchange& exchange) { exchange.reply(200, "private"); }, {.tls = authority});
  http::EngineOptions options;
  options.network.caFile = (files / "ca.pem").string();
  const auto http = engineWith(options);
  const auto trusted = send(http, get(server.url("/")));
  REQUIRE(test::ok(trusted));
  CHECK(trusted->body == "private");
  REQUIRE(test::ok(send(http, get(server.url("/")))));
  CHECK(server.connections() == 1);

  const auto stranger = send(engineWith(), post(server.url("/"), "secret"));
  CHECK(test::failsWith(stranger, Errc::unavailable, "certificate"));
  REQUIRE_FALSE(stranger);
  CHECK_FALSE(stranger.error().retryable());
  const auto wrongName = send(http, post("https://127.0.0.2:" + std::to_string(server.port()) + "/", "secret"));
  CHECK(test::failsWith(wrongName, Errc::unavailable));
  CHECK(server.requests() == 2);

  options.network.caFile = (files / "missing.pem").string();
  CHECK(test::failsWith(send(engineWith(options), get(server.url("/"))), Errc::notConfigured));
}

TEST_CASE("engine: a TLS peer that vanishes during an upload does not kill the process", "[unit][transport]") {
  const auto authority = std::make_shared<test::TestAuthority>();
  const test::TempDir files;
  test::writeFile(files / "ca.pem", authority->caPem);
  HttpServer server([](Exchange& exchange) { exchange.readSome(1000); exchange.reset(); }, {.tls = authority});
  http::EngineOptions options;
  options.network.caFile = (files / "ca.pem").string();
  auto request = post(server.url("/"), http::Body::stream(std::make_shared<Zeros>(std::uint64_t{64} * 1024 * 1024)));
  CHECK(test::failsWith(send(engineWith(options), request), Errc::outcomeUnknown));
}

TEST_CASE("engine: the proxy of the environment is used, except where it says not to", "[unit][transport]") {
  HttpServer proxy([](Exchange& exchange) { exchange.reply(200, "proxied " + exchange.request().target); });
  http::EngineOptions options;
  options.network = http::Network::from(Settings({{"http_proxy", proxy.url()}, {"no_proxy", "localhost,127.0.0.1"}}));
  const auto http = engineWith(options);
  const auto far = send(http, get("http://example.invalid/x"));
  REQUIRE(test::ok(far));
  CHECK(far->body == "proxied http://example.invalid/x");
  HttpServer near([](Exchange& exchange) { exchange.reply(200, "direct"); });
  const auto direct = send(http, get(near.url("/")));
  REQUIRE(test::ok(direct));
  CHECK(direct->body == "direct");
}

TEST_CASE("engine: headers cannot smuggle others, and addresses cannot either", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200); });
  const auto http = engineWith();
  for (const auto* value : {"a\r\nX-Evil: 1", "a\nb"}) {
    auto request = get(server.url("/"));
    request.headers.add("X-Value", value);
    CHECK(test::failsWith(send(http, request), Errc::invalidArgument, "X-Value"));
  }
  auto request = get(server.url("/"));
  request.headers.add("X Bad:", "1");
  CHECK(test::failsWith(send(http, request), Errc::invalidArgument));
  CHECK(test::failsWith(send(http, get(server.url("/a b"))), Errc::invalidArgument));
  CHECK(test::failsWith(send(http, get("ftp://127.0.0.1/")), Errc::invalidArgument));
  CHECK(test::failsWith(send(http, get("/relative")), Errc::invalidArgument));
  CHECK(server.requests() == 0);
}

TEST_CASE("engine: it may be dropped on any thread while the loop runs", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) { exchange.reply(200); });
  for (int i = 0; i < 20; ++i) {
    auto http = engineWith();
    REQUIRE(test::ok(send(http, get(server.url("/")))));
    http.reset();
  }
}
