#include <mooring/http/engine.hpp>

#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"
#include "transport_sending.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <future>
#include <thread>

using namespace mooring;
using namespace std::chrono_literals;
using test::engineWith;
using test::Exchange;
using test::get;
using test::HttpServer;
using test::post;
using test::send;

namespace {

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

TEST_CASE("engine: a failure says whether the server can have acted", "[unit][transport]") {
  struct Case {
    const char* what;
    test::Script script;
    Errc safe;
    Errc unsafe;
  };
  const auto what = GENERATE(range(0, 7));
  const std::vector<Case> cases = {
      {"closed instead of an answer",
       [](Exchange& e) { e.close(); },
       Errc::unavailable,
       Errc::outcomeUnknown},
      {"reset instead of an answer", [](Exchange& e) { e.reset(); }, Errc::unavailable, Errc::outcomeUnknown},
      {"cut in the head",
       [](Exchange& e) {
         e.send("HTTP/1.1 200 OK\r\nContent-Le");
         e.close();
       },
       Errc::unavailable,
       Errc::outcomeUnknown},
      {"shorter than its length",
       [](Exchange& e) {
         e.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
         e.close();
       },
       Errc::unavailable,
       Errc::outcomeUnknown},
      {"cut between chunks",
       [](Exchange& e) {
         e.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
         e.close();
       },
       Errc::unavailable,
       Errc::outcomeUnknown},
      {"reset within the body",
       [](Exchange& e) {
         e.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
         e.reset();
       },
       Errc::unavailable,
       Errc::outcomeUnknown},
      {"not HTTP",
       [](Exchange& e) {
         e.send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
         e.close();
       },
       Errc::corrupted,
       Errc::outcomeUnknown},
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
  // Neither side of a TLS handshake ever speaks to a server that waits for plain HTTP.
  HttpServer mute([](Exchange& exchange) { exchange.reply(200); });
  auto request = post("https://127.0.0.1:" + std::to_string(mute.port()) + "/", "x");
  request.timeouts.connect = 50ms;
  CHECK(test::failsWith(send(http, request), Errc::unavailable, "within 50 ms"));
  // It ends the handshake instead of taking part.
  const auto authority = std::make_shared<test::TestAuthority>();
  HttpServer strange([](Exchange& exchange) { exchange.reply(200); }, {.tls = authority});
  const auto shaken = send(http, post("http://127.0.0.1:" + std::to_string(strange.port()) + "/", "x"));
  CHECK(http::mayHaveHappened(shaken.error()));  // Plain text was written; TLS is not known to have dropped
                                                 // it.
}

TEST_CASE("engine: an unsafe request is not repeated on a connection that died under it",
          "[unit][transport]") {
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
  const auto repeated = send(http, std::move(safe));
  REQUIRE(test::ok(repeated));
  CHECK(repeated->attempts == 2);  // So that a 404 to a removal is known for what it may be.
  CHECK(posts == 3);
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
    if (exchange.request().target == "/begin")
      exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
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
  const auto wrongName = send(http,
                              post("https://127.0.0.2:" + std::to_string(server.port()) + "/", "secret"));
  CHECK(test::failsWith(wrongName, Errc::unavailable));
  CHECK(server.requests() == 2);

  options.network.caFile = (files / "missing.pem").string();
  CHECK(test::failsWith(send(engineWith(options), get(server.url("/"))), Errc::notConfigured));
}

TEST_CASE("engine: a TLS peer that vanishes during an upload does not kill the process",
          "[unit][transport]") {
  const auto authority = std::make_shared<test::TestAuthority>();
  const test::TempDir files;
  test::writeFile(files / "ca.pem", authority->caPem);
  HttpServer server(
      [](Exchange& exchange) {
        exchange.readSome(1000);
        exchange.reset();
      },
      {.tls = authority});
  http::EngineOptions options;
  options.network.caFile = (files / "ca.pem").string();
  auto request = post(server.url("/"),
                      http::Body::stream(std::make_shared<Zeros>(std::uint64_t{64} * 1024 * 1024)));
  CHECK(test::failsWith(send(engineWith(options), request), Errc::outcomeUnknown));
}
