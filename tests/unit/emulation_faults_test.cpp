#include <mooring/http/retry_after.hpp>

#include "emulation_toy.hpp"

#include <boost/json/parse.hpp>

#include <atomic>

namespace mooring::test {

using emulation::ExchangePtr;
using emulation::Fault;
using emulation::FaultAction;
using emulation::Reply;
using emulation::RetryAfterForm;
using emulation::Router;
using emulation::Stage;

namespace {

/// A host whose one effect is counted, and a way to ask for it.
class Struck {
 public:
  explicit Struck(emulation::HostOptions options = emulation::HostOptions())
      : host(toyHost(
            [this](Router& router, const Stage& /*stage*/) {
              router.on("POST", "/boxes", [this](ExchangePtr exchange) { return work(std::move(exchange)); });
              router.stream("GET", "/stream", [](ExchangePtr exchange) -> Task<void> {
                auto begun = co_await exchange->begin(200, http::Headers(), std::nullopt);
                if (!begun) co_return begun;
                co_return co_await exchange->write(asBytes("a piece"));
              });
              router.on("GET", "/boxes", [this](ExchangePtr exchange) { return work(std::move(exchange)); });
            },
            std::move(options))) {}

  void rule(const Fault& fault) { REQUIRE(ok(host->faults().add(fault))); }
  Result<http::Response> ask() { return send(http, post(host->url() + "/boxes", "{}")); }
  Result<http::Response> look() { return send(http, get(host->url() + "/boxes")); }

  std::atomic<int> effects = 0;
  std::atomic<bool> stale = false;
  std::shared_ptr<http::Transport> http = engineWith();
  std::unique_ptr<emulation::Host> host;

 private:
  Task<Reply> work(ExchangePtr exchange) {
    ++effects;
    stale = exchange->request().stale;
    boost::json::object body;
    body["id"] = "a box of a certain length";
    co_return emulation::jsonReply(200, body);
  }
};

Fault faultOf(FaultAction action) {
  Fault fault;
  fault.action = action;
  return fault;
}

}  // namespace

TEST_CASE("emulation faults: a status comes in the provider's shape, and nothing happens",
          "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::status);
  fault.status = 503;
  struck.rule(fault);
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 503);
  CHECK(reply->body.find("\"path\":\"/boxes\"") != std::string::npos);
  CHECK(struck.effects == 0);
  reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 200);
  CHECK(struck.effects == 1);
}

TEST_CASE("emulation faults: a 502 without a body", "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::status);
  fault.status = 502;
  fault.body = "";
  struck.rule(fault);
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 502);
  CHECK(reply->body.empty());
}

TEST_CASE("emulation faults: each form of Retry-After is one that clients read", "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::status);
  fault.status = 429;
  fault.retryAfterSeconds = 7;
  fault.retryAfter = GENERATE(RetryAfterForm::seconds, RetryAfterForm::date, RetryAfterForm::suffixed);
  struck.rule(fault);
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  const auto header = fault.retryAfter == RetryAfterForm::suffixed ? "Retry-After-authenticated"
                                                                   : "Retry-After";
  REQUIRE(reply->headers.contains(header));
  const auto wait = http::retryAfterOf(*reply, systemClock()->now());
  REQUIRE(wait);
  // A date counts in whole seconds, of which one may have passed.
  CHECK(*wait > std::chrono::seconds(3));
  CHECK(*wait <= std::chrono::seconds(7));
}

TEST_CASE("emulation faults: a reset before anything happens", "[unit][emulation]") {
  Struck struck;
  struck.rule(faultOf(FaultAction::reset));
  CHECK_FALSE(struck.ask());
  CHECK(struck.effects == 0);
}

TEST_CASE("emulation faults: a reply that is lost after the effect", "[unit][emulation]") {
  Struck struck;
  struck.rule(faultOf(FaultAction::loseReply));
  auto reply = struck.ask();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::outcomeUnknown);
  CHECK(struck.effects == 1);
  CHECK(struck.host->ledger().entries().front().status == 200);
  CHECK(struck.host->ledger().entries().front().fault == "loseReply");
}

TEST_CASE("emulation faults: replies in pieces that their handlers leave open are struck as well",
          "[unit][emulation]") {
  Struck struck;
  struck.rule(faultOf(GENERATE(FaultAction::loseReply, FaultAction::cutBody)));
  CHECK_FALSE(send(struck.http, get(struck.host->url() + "/stream")));
  auto whole = send(struck.http, get(struck.host->url() + "/stream"));
  REQUIRE(ok(whole));
  CHECK(whole->body == "a piece");
}

TEST_CASE("emulation faults: a body that ends too early", "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::cutBody);
  fault.bytes = GENERATE(0U, 10U);
  struck.rule(fault);
  CHECK_FALSE(struck.ask());
  CHECK(struck.effects == 1);
}

TEST_CASE("emulation faults: a body that is no JSON", "[unit][emulation]") {
  Struck struck;
  struck.rule(faultOf(FaultAction::wrongJson));
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 200);
  boost::system::error_code problem;
  boost::json::parse(reply->body, problem);
  CHECK(problem);
  CHECK(struck.effects == 1);
}

TEST_CASE("emulation faults: latency delays and changes nothing", "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::delay);
  fault.latency = std::chrono::milliseconds(20);
  struck.rule(fault);
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 200);
  CHECK(reply->timings.firstByte >= std::chrono::milliseconds(20));
}

TEST_CASE("emulation faults: an outdated answer is asked of the handler", "[unit][emulation]") {
  Struck struck;
  struck.rule(faultOf(FaultAction::stale));
  REQUIRE(ok(struck.ask()));
  CHECK(struck.stale);
  REQUIRE(ok(struck.ask()));
  CHECK_FALSE(struck.stale);
}

TEST_CASE("emulation faults: rules choose by route, pass some, strike some, and take turns",
          "[unit][emulation]") {
  Struck struck;
  auto fault = faultOf(FaultAction::status);
  fault.route = "POST .*";
  fault.skip = 1;
  fault.count = 2;
  struck.rule(fault);
  std::vector<int> statuses;
  for (int i = 0; i < 5; ++i) {
    auto reply = struck.ask();
    REQUIRE(ok(reply));
    statuses.push_back(reply->status);
    auto look = struck.look();
    REQUIRE(ok(look));
    CHECK(look->status == 200);
  }
  CHECK(statuses == std::vector{200, 500, 500, 200, 200});
}

TEST_CASE("emulation faults: chance is the same for the same seed", "[unit][emulation]") {
  const auto pattern = [](std::uint64_t seed) {
    emulation::Faults faults(seed);
    auto fault = faultOf(FaultAction::reset);
    fault.probability = 0.5;
    fault.count = 0;
    CHECK(ok(faults.add(fault)));
    std::string text;
    for (int i = 0; i < 64; ++i)
      text += faults.strike("GET /") ? 'x' : '-';
    return text;
  };
  CHECK(pattern(7) == pattern(7));
  CHECK(pattern(7) != pattern(8));
  CHECK(pattern(7).find('x') != std::string::npos);
  CHECK(pattern(7).find('-') != std::string::npos);
}

TEST_CASE("emulation faults: set and cleared from outside, neither struck nor counted", "[unit][emulation]") {
  Struck struck;
  const auto admin = struck.host->url() + "/__emulator/faults";
  auto set = send(struck.http,
                  post(admin, R"([{"route": ".*", "action": "status", "status": 418, "count": 0}])"));
  REQUIRE(ok(set));
  CHECK(set->status == 200);
  auto reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 418);
  auto listed = send(struck.http, get(admin));
  REQUIRE(ok(listed));
  CHECK(listed->body.find("\"struck\":1") != std::string::npos);
  http::Request clear;
  clear.method = http::Method::del;
  clear.target = admin;
  REQUIRE(ok(send(struck.http, clear)));
  reply = struck.ask();
  REQUIRE(ok(reply));
  CHECK(reply->status == 200);
  CHECK(struck.host->ledger().total() == 2);
}

TEST_CASE("emulation faults: a rule that cannot be read is refused by its member", "[unit][emulation]") {
  const auto [text, word] = GENERATE(table<const char*, const char*>({
      {R"({"action": "explode"})", "action"},
      {R"({"acton": "reset"})", "acton"},
      {R"({"action": "status", "status": 7})", "status"},
      {R"({"action": "delay", "latencyMs": -1})", "latencyMs"},
      {R"([])", "object"},
  }));
  const auto fault = emulation::parseFault(boost::json::parse(text));
  REQUIRE_FALSE(fault);
  CHECK(fault.error().message.find(word) != std::string::npos);
}

TEST_CASE("emulation faults: what is written is read back", "[unit][emulation]") {
  Fault fault;
  fault.route = "GET /x";
  fault.action = FaultAction::cutBody;
  fault.bytes = 12;
  fault.skip = 2;
  fault.count = 0;
  fault.probability = 0.25;
  fault.latency = std::chrono::milliseconds(5);
  fault.headers = {{"A", "b"}};
  fault.body = "text";
  fault.retryAfter = RetryAfterForm::date;
  fault.bucket = "sandbox-create";
  fault.state = "gone";
  const auto again = emulation::parseFault(toJson(fault));
  REQUIRE(ok(again));
  CHECK(toJson(*again) == toJson(fault));
}

}  // namespace mooring::test
