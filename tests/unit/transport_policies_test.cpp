#include "transport_policies.hpp"

#include <mooring/http/client.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <future>
#include <sstream>

using namespace mooring;
using namespace std::chrono_literals;
using test::scripted::Parts;
using test::scripted::send;
using test::scripted::start;
using test::scripted::status;
using test::scripted::to;

TEST_CASE("rate limit: one refusal teaches the other requests of the bucket to wait", "[unit][transport]") {
  const Parts parts;
  auto memory = std::make_shared<http::RateLimitMemory>();
  const auto first = http::withRateLimitMemory(parts.wire, parts.forLimits(memory));
  const auto second = http::withRateLimitMemory(parts.wire, parts.forLimits(memory));
  parts.wire->reply(429, "", {{"Retry-After", "5"}});
  REQUIRE(test::ok(send(first, to("https://a.test/"))));
  auto other = to("https://a.test/");
  other.bucket = "create";
  parts.wire->reply(200);
  REQUIRE(test::ok(send(second, other)));
  CHECK(parts.pause->slept.empty());
  parts.wire->reply(200);
  REQUIRE(test::ok(send(second, to("https://a.test/"))));
  REQUIRE(parts.pause->slept.size() == 1);
  CHECK(parts.pause->slept[0] == 5125ms);

  parts.wire->reply(429, "", {{"Retry-After", "30"}});
  REQUIRE(test::ok(send(first, to("https://a.test/"))));
  auto hurried = to("https://a.test/");
  hurried.deadline = std::chrono::steady_clock::now() + 10s;
  const auto sent = parts.wire->count();
  const auto refused = send(second, hurried);
  REQUIRE(test::failsWith(refused, Errc::rateLimited));
  CHECK(refused.error().retryAfter == 30s);
  CHECK(parts.wire->count() == sent);
}

TEST_CASE("auth: the token goes to trusted origins only", "[unit][transport]") {
  const Parts parts;
  auto auth = std::make_shared<http::BearerAuth>(
      parts.wire, Secret("tok"), std::vector<std::string>{"https://api.test/v1"});
  const auto shown = [&](const std::string& url) {
    parts.wire->reply(200);
    REQUIRE(test::ok(send(auth, to(url))));
    return std::string(
        parts.wire->sent(parts.wire->count() - 1).headers.get("Authorization").value_or("none"));
  };
  CHECK(shown("https://api.test/v2") == "Bearer tok");
  CHECK(shown("https://API.test:443/") == "Bearer tok");
  CHECK(shown("http://api.test/") == "none");
  CHECK(shown("https://api.test:8443/") == "none");
  CHECK(shown("https://api.test.evil.example/") == "none");
  CHECK(shown("https://proxy.test/") == "none");
  auth->trust("https://proxy.test/toolbox");
  CHECK(shown("https://proxy.test/x") == "Bearer tok");
}

TEST_CASE("redirects: followed for reading, without the token to another host", "[unit][transport]") {
  const Parts parts;
  auto auth = std::make_shared<http::BearerAuth>(
      parts.wire, Secret("tok"), std::vector<std::string>{"https://api.test"});
  const auto http = http::withRedirects(auth);
  parts.wire->reply(302, "", {{"Location", "/b"}});
  parts.wire->reply(307, "", {{"Location", "https://files.example/c?sig=1"}});
  parts.wire->reply(200, "there");
  const auto response = send(http, to("https://api.test/a"));
  REQUIRE(test::ok(response));
  CHECK(response->body == "there");
  CHECK(parts.wire->sent(1).target == "https://api.test/b");
  CHECK(parts.wire->sent(1).headers.contains("Authorization"));
  CHECK(parts.wire->sent(2).target == "https://files.example/c?sig=1");
  CHECK_FALSE(parts.wire->sent(2).headers.contains("Authorization"));

  parts.wire->reply(302, "", {{"Location", "http://api.test/plain"}});
  CHECK(test::failsWith(send(http, to("https://api.test/a")), Errc::permissionDenied));
  parts.wire->reply(302, "", {{"Location", "/elsewhere"}});
  const auto posted = send(http, to("https://api.test/a", http::Method::post));
  REQUIRE(test::ok(posted));
  CHECK(posted->status == 302);
  for (int i = 0; i < 6; ++i)
    parts.wire->reply(302, "", {{"Location", "/loop"}});
  CHECK(test::failsWith(send(http, to("https://api.test/a")), Errc::corrupted));
}

TEST_CASE("concurrency: requests queue in order, and leaving the queue sends nothing", "[unit][transport]") {
  const Parts parts;
  const auto loop = detail::loopOf(*test::engine());
  auto gate = std::make_shared<boost::asio::steady_timer>(loop, boost::asio::steady_timer::time_point::max());
  std::promise<void> inside;
  const auto hold = [&inside, gate](http::Request) -> Task<http::Response> {
    inside.set_value();
    co_await gate->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return status(200);
  };
  http::ConcurrencyOptions one;
  one.perHost = 1;
  const auto http = http::withConcurrencyLimit(parts.wire, one);
  parts.wire->answer(hold);
  auto first = start(http, to("https://a.test/1"));
  inside.get_future().wait();
  std::stop_source stop;
  CallOptions call;
  call.stopToken = stop.get_token();
  auto second = start(http, to("https://a.test/2"), call);
  auto third = start(http, to("https://a.test/3"));
  auto late = to("https://a.test/4");
  late.deadline = std::chrono::steady_clock::now() + 1ms;
  CHECK(test::failsWith(start(http, late).get(), Errc::deadlineExceeded));
  stop.request_stop();
  CHECK(test::failsWith(second.get(), Errc::cancelled));
  parts.wire->reply(200, "other host");
  CHECK(test::ok(start(http, to("https://b.test/")).get()));
  parts.wire->reply(200, "third");
  boost::asio::post(loop, [gate] { gate->cancel(); });
  CHECK(test::ok(first.get()));
  const auto response = third.get();
  REQUIRE(test::ok(response));
  CHECK(response->body == "third");
  CHECK(parts.wire->count() == 3);
}

TEST_CASE("log: one line an exchange, with nothing private in it", "[unit][transport]") {
  const Parts parts;
  std::ostringstream lines;
  auto log = std::make_shared<spdlog::logger>("test",
                                              std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
  log->set_level(spdlog::level::trace);
  ProviderContext context = test::contextOn(test::engine());
  context.clock = parts.clock;
  context.random = parts.random;
  context.log = log;
  auto counters = std::make_shared<http::Counters>();
  http::ClientOptions options;
  options.identity.baseUrl = "https://api.test/v1/";
  options.identity.userAgent = "mooring/1";
  options.token = Secret("SECRET-token");
  options.transport = parts.wire;
  options.pause = parts.pause;
  options.counters = counters;
  const auto client = http::makeClient(context, std::move(options));
  REQUIRE(test::ok(client));
  parts.wire->reply(503, "SECRET-reply", {{"Set-Cookie", "SECRET-cookie"}, {"Retry-After", "1"}});
  parts.wire->reply(200, "SECRET-reply", {{"X-Request-Id", "r-1"}});
  auto request = to("/boxes?limit=5&env=SECRET-env&SECRET-name", http::Method::put);
  request.headers.add("X-Preview", "SECRET-header");
  request.body = "SECRET-body";
  const auto response = send(client->transport, request);
  REQUIRE(test::ok(response));
  CHECK(response->requestId == "r-1");
  CHECK(parts.wire->sent(0).target == "https://api.test/v1/boxes?limit=5&env=SECRET-env&SECRET-name");
  CHECK(parts.wire->sent(0).headers.get("Authorization") == "Bearer SECRET-token");
  CHECK(parts.wire->sent(0).headers.get("User-Agent") == "mooring/1");

  auto hidden = to("/links/SECRET-link");
  hidden.route = "/links/{token}";
  parts.wire->fail(makeError(Errc::corrupted, "unreadable"));
  CHECK(test::failsWith(send(client->transport, hidden), Errc::corrupted));

  const auto text = lines.str();
  INFO(text);
  CHECK(text.find("SECRET") == std::string::npos);
  CHECK(text.find("request=\"PUT api.test:443/v1/boxes?limit=5&env=*&*\" status=503") != std::string::npos);
  CHECK(text.find("Retry-After=\"1\"") != std::string::npos);
  CHECK(text.find("reason=503 attempt=1") != std::string::npos);
  CHECK(text.find("/links/{token}\" error=corrupted") != std::string::npos);
  const auto counts = counters->snapshot().at("api.test");
  CHECK(counts.requests == 3);
  CHECK(counts.retries == 1);
  CHECK(counts.replies5xx == 1);
  CHECK(counts.errors == 1);
}

TEST_CASE("identity: a base address must be one", "[unit][transport]") {
  const Parts parts;
  http::IdentityOptions options;
  for (const auto* bad :
       {"api.test", "ftp://api.test", "https://user:pass@api.test", "https://api.test/?q=1"}) {
    options.baseUrl = bad;
    CHECK(test::failsWith(http::withIdentity(parts.wire, nullptr, options), Errc::invalidArgument));
  }
}
