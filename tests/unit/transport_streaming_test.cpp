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
using test::start;

namespace {

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

TEST_CASE("engine: a sink gets the body of success, and the reply keeps that of an error",
          "[unit][transport]") {
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
    explicit Stalled(boost::asio::any_io_executor loop)
        : gate(loop, boost::asio::steady_timer::time_point::max()) {}
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
    std::this_thread::sleep_for(200ms);  // Not for order: only the absence of progress can be observed in
                                         // time.
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
    while (const auto count = exchange.readSome(std::size_t{1024} * 1024))
      received += count;
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
    exchange.reply(200,
                   request.method + " " + request.header("Content-Length").value_or("-") + " " +
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
    Task<std::size_t> read(std::span<std::byte>) override {
      co_return failure(Errc::notFound, "the file is gone");
    }
  };
  const auto http = engineWith();
  CHECK(test::failsWith(send(http, post(server.url("/"), http::Body::stream(std::make_shared<Failing>()))),
                        Errc::notFound,
                        "the file is gone"));
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
                        Errc::invalidArgument,
                        "ended after 5"));
  CHECK(test::failsWith(send(http, post(server.url("/"), http::Body::stream(std::make_shared<Liar>(2)))),
                        Errc::invalidArgument,
                        "more than the 2"));
}
