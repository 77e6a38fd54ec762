#include <mooring/http/client.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "transport_policies.hpp"

#include <array>

using namespace mooring;
using namespace std::chrono_literals;
using test::scripted::Parts;
using test::scripted::send;
using test::scripted::status;
using test::scripted::to;

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

TEST_CASE("retry: jitter is full, doubles up to its cap and lies above the server's wish",
          "[unit][transport]") {
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

TEST_CASE("retry: attempts, budget and deadline all end it, and the answer says that it was tried",
          "[unit][transport]") {
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

  for (int i = 0; i < 4; ++i)
    parts.wire->fail(makeError(Errc::unavailable, "refused"));
  const auto lost = send(http, to("https://a.test/"));
  REQUIRE(test::failsWith(lost, Errc::unavailable));
  CHECK(lost.error().transience == Transience::exhausted);
  for (int i = 0; i < 4; ++i)
    parts.wire->reply(500);
  const auto busy = send(http, to("https://a.test/"));
  REQUIRE(test::ok(busy));
  CHECK(busy->retriesExhausted);
}

TEST_CASE("retry: a stream that was begun is not sent again, one that can begin anew is",
          "[unit][transport]") {
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

  request.body = http::Body::replayable(
      []() -> Result<std::shared_ptr<ByteSource>> { return sourceOf("again"); });
  parts.wire->answer(drain);
  parts.wire->answer(drain);
  parts.wire->reply(200);
  CHECK(test::ok(send(http, request)));
}

TEST_CASE("Retry-After: every form that servers use is understood", "[unit][transport]") {
  const auto now = test::FakeClock::start();  // Sat, 31 Jan 2026 12:00:00 GMT
  const auto epoch = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto wait = [&](int code, http::Headers headers) {
    return http::retryAfterOf(status(code, std::move(headers)), now);
  };
  CHECK(wait(429, {}) == std::nullopt);
  CHECK(wait(429, {{"Retry-After", "3"}}) == 3000ms);
  CHECK(wait(503, {{"retry-after", "0"}}) == 0ms);
  CHECK(wait(503, {{"Retry-After", "1.5"}}) == 1500ms);
  CHECK(wait(503, {{"Retry-After", "Sat, 31 Jan 2026 12:00:10 GMT"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Saturday, 31-Jan-26 12:00:10 GMT"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Sat Jan 31 12:00:10 2026"}}) == 10s);
  CHECK(wait(503, {{"Retry-After", "Sat, 31 Jan 2026 11:00:00 GMT"}}) == 0ms);
  CHECK(wait(503, {{"Retry-After", "99999999"}}) == 24h);
  for (const auto* bad : {"",
                          "soon",
                          "-1",
                          "1e400",
                          "nan",
                          "inf",
                          "Sat, 31 Foo 2026 12:00:10 GMT",
                          "Sat, 31 Feb 2026 12:00:10 GMT"}) {
    INFO(bad);
    CHECK(wait(503, {{"Retry-After", bad}}) == std::nullopt);
  }
  CHECK(wait(429, {{"Retry-After-sandbox-create", "7"}}) == 7s);
  CHECK(wait(429, {{"Retry-After-authenticated", "2"}, {"Retry-After-sandbox-lifecycle", "9"}}) == 9s);
  CHECK(wait(429,
             {{"X-RateLimit-Reset-sandbox-create", "12"}, {"X-RateLimit-Remaining-sandbox-create", "0"}}) ==
        12s);
  CHECK(wait(429,
             {{"X-RateLimit-Reset-a", "12"},
              {"X-RateLimit-Remaining-a", "5"},
              {"X-RateLimit-Reset-b", "4"},
              {"X-RateLimit-Remaining-b", "0"}}) == 4s);
  CHECK(wait(429, {{"x-ratelimit-reset", std::to_string(epoch + 4)}}) == 4s);
  CHECK(wait(429, {{"x-ratelimit-reset", std::to_string((epoch + 4) * 1000)}}) == 4s);
  CHECK(wait(200, {{"x-ratelimit-reset", std::to_string(epoch + 4)}}) == std::nullopt);
  CHECK(wait(429, {{"Retry-After", "1"}, {"x-ratelimit-reset", std::to_string(epoch + 60)}}) == 1s);
}
