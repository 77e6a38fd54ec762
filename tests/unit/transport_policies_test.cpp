#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/scripted_transport.hpp"
#include "support/sources.hpp"
#include "support/tasks.hpp"

#include <mooring/http/client.hpp>

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
using test::ScriptedTransport;

namespace {

/// Moves the fake clock instead of waiting.
class FakePause final : public http::Pause {
 public:
  explicit FakePause(std::shared_ptr<test::FakeClock> clock) : clock_(std::move(clock)) {}
  Task<void> sleep(std::chrono::milliseconds duration) override {
    slept.push_back(duration);
    clock_->advance(duration);
    co_return Result<void>();
  }
  std::vector<std::chrono::milliseconds> slept;

 private:
  std::shared_ptr<test::FakeClock> clock_;
};

struct Parts {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<test::FakeRandom> random = std::make_shared<test::FakeRandom>();
  std::shared_ptr<FakePause> pause = std::make_shared<FakePause>(clock);

  [[nodiscard]] http::RetryParts forRetries() const { return {clock, random, pause, nullptr}; }
  [[nodiscard]] http::RateLimitParts forLimits(std::shared_ptr<http::RateLimitMemory> memory) const {
    return {std::move(memory), clock, random, pause};
  }
};

Task<http::Response> sending(std::shared_ptr<http::Transport> http, http::Request request) {
  co_return co_await http->send(std::move(request));
}

Result<http::Response> send(const std::shared_ptr<http::Transport>& http, http::Request request) {
  return test::run(sending(http, std::move(request)));
}

std::future<Result<http::Response>> start(const std::shared_ptr<http::Transport>& http, http::Request request,
                                          CallOptions call = CallOptions()) {
  Operation<http::Response> operation(test::engine(), std::move(call), [http, request]() { return sending(http, request); });
  return operation.start();
}

http::Request to(std::string target, http::Method method = http::Method::get) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  return request;
}

http::Response status(int code, http::Headers headers = {}) {
  http::Response response;
  response.status = code;
  response.headers = std::move(headers);
  return response;
}

}  // namespace

TEST_CASE("retry: what is repeated, and what never is", "[unit][transport]") {
  struct Row {
    const char* what;
    Result<http::Response> outcome;
    bool safe;
    bool repeatable;
    bool again;
  };
  auto unverified = makeError(Errc::unavailable, "certificate");
  unverified.transience = Transience::permanent;
  const std::vector<Row> rows = {
      {"a success", status(200), true, true, false},
      {"not found", status(404), true, true, false},
      {"a conflict", status(409), true, true, false},
      {"a command that ran too long (Daytona)", status(408), true, true, false},
      {"500, safe", status(500), true, true, true},
      {"502, safe", status(502), true, true, true},
      {"502, unsafe", status(502), false, true, false},
      {"503, unsafe", status(503), false, true, false},
      {"504, unsafe", status(504), false, true, false},
      {"429, safe", status(429), true, true, true},
      {"429, unsafe: the server refused it", status(429), false, true, true},
      {"429, but the body is gone", status(429), true, false, false},
      {"never sent, unsafe", failure(Errc::unavailable, ""), false, true, true},
      {"unavailable, safe", failure(Errc::unavailable, ""), true, true, true},
      {"unavailable, but the sink has bytes", failure(Errc::unavailable, ""), true, false, false},
      {"an untrusted certificate", std::unexpected(unverified), true, true, false},
      {"unknown outcome", failure(Errc::outcomeUnknown, ""), false, true, false},
      {"cancelled", failure(Errc::cancelled, ""), true, true, false},
      {"deadline", failure(Errc::deadlineExceeded, ""), true, true, false},
      {"unreadable", failure(Errc::corrupted, ""), true, true, false},
      {"held back for the rate limit", failure(Errc::rateLimited, ""), true, true, false},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    http::Attempt attempt;
    attempt.safe = row.safe;
    attempt.repeatable = row.repeatable;
    const auto decision = http::decide({}, attempt, row.outcome, 0.5);
    CHECK(decision.delay.has_value() == row.again);
    CHECK_FALSE(decision.exhausted);
  }
}

TEST_CASE("retry: jitter is full, doubles up to its cap and lies above the server's wish", "[unit][transport]") {
  http::RetryOptions options;
  options.attempts = 20;
  options.base = 100ms;
  options.cap = 1000ms;
  const auto delay = [&](int number, double fraction, std::optional<std::chrono::milliseconds> wish) {
    http::Attempt attempt;
    attempt.number = number;
    attempt.safe = true;
    auto response = status(503);
    response.retryAfter = wish;
    return http::decide(options, attempt, response, fraction).delay.value_or(-1ms);
  };
  CHECK(delay(1, 0.0, {}) == 0ms);
  CHECK(delay(1, 0.5, {}) == 50ms);
  CHECK(delay(2, 0.5, {}) == 100ms);
  CHECK(delay(3, 1.0, {}) == 400ms);
  CHECK(delay(10, 1.0, {}) == 1000ms);
  CHECK(delay(19, 0.25, {}) == 250ms);
  CHECK(delay(1, 0.0, 7000ms) == 7000ms);
  CHECK(delay(1, 0.5, 7000ms) == 7050ms);
}

TEST_CASE("retry: attempts, budget and deadline all end it, and the answer says that it was tried", "[unit][transport]") {
  http::RetryOptions options;
  http::Attempt attempt;
  attempt.safe = true;
  const Result<http::Response> busy = status(503);
  CHECK(http::decide(options, attempt, busy, 0.5).delay);
  attempt.number = options.attempts;
  CHECK(http::decide(options, attempt, busy, 0.5).exhausted);
  attempt.number = 1;
  attempt.waited = options.budget;
  CHECK(http::decide(options, attempt, busy, 0.5).exhausted);
  attempt.waited = 0ms;
  attempt.left = 10ms;
  CHECK(http::decide(options, attempt, busy, 0.5).exhausted);
  options.attempts = 1;
  attempt.left = std::nullopt;
  const auto off = http::decide(options, attempt, busy, 0.5);
  CHECK_FALSE(off.delay);
  CHECK_FALSE(off.exhausted);
}

TEST_CASE("retry: a request is sent until it succeeds or nothing is left", "[unit][transport]") {
  const Parts parts;
  parts.wire->reply(503, "", {{"Retry-After", "2"}});
  parts.wire->fail(makeError(Errc::unavailable, "refused"));
  parts.wire->reply(200, "at last");
  const auto http = http::withRetries(parts.wire, parts.forRetries());
  const auto response = send(http, to("https://a.test/"));
  REQUIRE(test::ok(response));
  CHECK(response->body == "at last");
  CHECK(response->attempts == 3);
  REQUIRE(parts.pause->slept.size() == 2);
  CHECK(parts.pause->slept[0] == 2125ms);
  CHECK(parts.pause->slept[1] == 250ms);
  CHECK(parts.wire->sent(2).attempt == 3);

  for (int i = 0; i < 4; ++i) parts.wire->fail(makeError(Errc::unavailable, "refused"));
  const auto lost = send(http, to("https://a.test/"));
  REQUIRE(test::failsWith(lost, Errc::unavailable));
  CHECK(lost.error().transience == Transience::exhausted);
  for (int i = 0; i < 4; ++i) parts.wire->reply(500);
  const auto busy = send(http, to("https://a.test/"));
  REQUIRE(test::ok(busy));
  CHECK(busy->retriesExhausted);
}

TEST_CASE("retry: a stream that was begun is not sent again, one that can begin anew is", "[unit][transport]") {
  const Parts parts;
  const auto http = http::withRetries(parts.wire, parts.forRetries());
  const auto drain = [](http::Request request) -> Task<http::Response> {
    auto source = request.body.open();
    if (!source) co_return std::unexpected(std::move(source).error());
    std::array<std::byte, 10> buffer{};
    auto count = co_await (*source)->read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    co_return failure(Errc::unavailable, std::string(asText(std::span(buffer).first(*count))));
  };
  auto request = to("https://a.test/", http::Method::put);
  request.body = http::Body::stream(sourceOf("once"));
  parts.wire->answer(drain);
  CHECK(test::failsWith(send(http, request), Errc::unavailable, "once"));
  CHECK(parts.wire->count() == 1);

  request.body = http::Body::stream(sourceOf("untouched"));
  parts.wire->fail(makeError(Errc::unavailable, "refused"));
  parts.wire->reply(200);
  CHECK(test::ok(send(http, request)));

  request.body = http::Body::replayable([]() -> Result<std::shared_ptr<ByteSource>> { return sourceOf("again"); });
  parts.wire->answer(drain);
  parts.wire->answer(drain);
  parts.wire->reply(200);
  CHECK(test::ok(send(http, request)));
}

TEST_CASE("Retry-After: every form that servers use is understood", "[unit][transport]") {
  const auto now = test::FakeClock::start();  // Sat, 31 Jan 2026 12:00:00 GMT
  const auto epoch = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto wait = [&](int code, http::Headers headers) { return http::retryAfterOf(status(code, std::move(headers)), now); };
  CHECK(wait(429, {}) == std::nullopt);
  CHECK(wait(429, {{"Retry-After", "3"}}) == 3000ms);
  CHECK(wait(503, {{"retry-after", "0"}}) == 0ms);
  CHECK(wait(503, {{"Retry-After", "1.5"}}) == 1500ms);
  CHECK(wait(503, {{"Retry-After", "Sat, 31 Jan 2026 12:00:10 GMT"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Saturday, 31-Jan-26 12:00:10 GMT"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Sat Jan 31 12:00:10 2026"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Sat, 31 Jan 2026 11:00:00 GMT"}}) == 0ms);
  CHECK(wait(503, {{"Retry-After", "99999999"}}) == 24h);
  for (const auto* bad : {"", "soon", "-1", "1e400", "nan", "inf", "Sat, 31 Foo 2026 12:00:10 GMT", "Sat, 31 Feb 2026 12:00:10 GMT"}) {
    INFO(bad);
    CHECK(wait(503, {{"Retry-After", bad}}) == std::nullopt);
  }
  CHECK(wait(429, {{"Retry-After-sandbox-create", "7"}}) == 7s);
  CHECK(wait(429, {{"Retry-After-authenticated", "2"}, {"Retry-After-sandbox-lifecycle", "9"}}) == 9s);
  CHECK(wait(429, {{"X-RateLimit-Reset-sandbox-create", "12"}, {"X-RateLimit-Remaining-sandbox-create", "0"}}) == 12s);
  CHECK(wait(429, {{"X-RateLimit-Reset-a", "12"}, {"X-RateLimit-Remaining-a", "5"}, {"X-RateLimit-Reset-b", "4"},
                   {"X-RateLimit-Remaining-b", "0"}}) == 4s);
  CHECK(wait(429, {{"x-ratelimit-reset", std::to_string(epoch + 4)}}) == 4s);
  CHECK(wait(429, {{"x-ratelimit-reset", std::to_string((epoch + 4) * 1000)}}) == 4s);
  CHECK(wait(200, {{"x-ratelimit-reset", std::to_string(epoch + 4)}}) == std::nullopt);
  CHECK(wait(429, {{"Retry-After", "1"}, {"x-ratelimit-reset", std::to_string(epoch + 60)}}) == 1s);
}

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
  auto auth = std::make_shared<http::BearerAuth>(parts.wire, Secret("tok"), std::vector<std::string>{"https://api.test/v1"});
  const auto shown = [&](const std::string& url) {
    parts.wire->reply(200);
    REQUIRE(test::ok(send(auth, to(url))));
    return std::string(parts.wire->sent(parts.wire->count() - 1).headers.get("Authorization").value_or("none"));
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
  auto auth = std::make_shared<http::BearerAuth>(parts.wire, Secret("tok"), std::vector<std::string>{"https://api.test"});
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
  for (int i = 0; i < 6; ++i) parts.wire->reply(302, "", {{"Location", "/loop"}});
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
  auto log = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
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
  for (const auto* bad : {"api.test", "ftp://api.test", "https://user:pass@api.test", "https://api.test/?q=1"}) {
    options.baseUrl = bad;
    CHECK(test::failsWith(http::withIdentity(parts.wire, nullptr, options), Errc::invalidArgument));
  }
}
