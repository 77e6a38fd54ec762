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

TEST_CASE("engine: a request arrives as written and its reply comes back", "[unit][transport]") {
  HttpServer server([](Exchange& exchange) {
    exchange.readBody();
    const auto& request = exchange.request();
    exchange.reply(201,
                   request.method + " " + request.target + " " + request.header("X-One").value_or("") + " " +
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
    exchange.reply(
        200,
        {},
        {{"X-Seen",
          request.method + ":" + request.header("Content-Length").value_or("none") + ":" + request.body}});
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
  pending.reserve(200);
  for (int i = 0; i < 200; ++i)
    pending.push_back(start(http, get(server.url("/" + std::to_string(i)))));
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

TEST_CASE("engine: the proxy of the environment is used, except where it says not to", "[unit][transport]") {
  HttpServer proxy([](Exchange& exchange) { exchange.reply(200, "proxied " + exchange.request().target); });
  http::EngineOptions options;
  options.network = http::Network::from(
      Settings({{"http_proxy", proxy.url()}, {"no_proxy", "localhost,127.0.0.1"}}));
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
