// The small values that everything else is made of: enum texts, errors, ids, times, signals.
#include <mooring/recovery.hpp>
#include <mooring/service.hpp>

#include "support/catch.hpp"
#include "support/sources.hpp"

#include <memory>
#include <set>

using namespace mooring;

namespace {

template <class E>
void walkBothWays() {
  std::set<std::string_view> texts;
  for (const auto& [value, text] : detail::EnumText<E>::entries) {
    CHECK(toString(value) == text);
    CHECK(parseEnum<E>(text) == value);
    CHECK(texts.insert(text).second);
  }
  CHECK_FALSE(parseEnum<E>("no such name"));
}

}  // namespace

TEST_CASE("enum texts: each value has one name, and each name its value", "[unit][values]") {
  walkBothWays<Errc>();
  walkBothWays<Transience>();
  walkBothWays<Stream>();
  walkBothWays<TimeoutKind>();
  walkBothWays<OutcomeKind>();
  walkBothWays<CommandStatus>();
  walkBothWays<Capability>();
  walkBothWays<NetworkMode>();
  walkBothWays<RecreatePolicy>();
  walkBothWays<SandboxStatus>();
  walkBothWays<EventReason>();
  walkBothWays<DebtKind>();
  walkBothWays<FileType>();
  walkBothWays<InstanceState>();
  walkBothWays<Support>();
  walkBothWays<RecoveryAction>();
  walkBothWays<Step>();
}

TEST_CASE("Error: one line tells everything, causes that say more included", "[unit][values]") {
  auto inner = makeError(Errc::unavailable, "connection refused");
  inner.provider = "acme";
  inner.httpStatus = 503;
  CHECK(describe(inner) == "unavailable: connection refused (provider=acme status=503)");

  const auto outer = withContext(inner, "upload of a.txt");
  CHECK(outer.code == Errc::unavailable);
  CHECK(outer.retryable());
  CHECK(describe(outer) == "unavailable: upload of a.txt: connection refused (provider=acme status=503)");

  auto other = makeError(Errc::gone, "it vanished");
  other.cause = std::make_shared<const Error>(inner);
  CHECK(describe(other) == "gone: it vanished; because " + describe(inner));
}

TEST_CASE("ids: in order within one process, also when the clock stands still or steps back",
          "[unit][values]") {
  auto clock = std::make_shared<test::FakeClock>();
  const auto ids = systemIds(clock);
  std::string last;
  for (int i = 0; i < 10000; ++i) {
    if (i == 5000) clock->advance(std::chrono::milliseconds(-60000));
    const auto id = ids->uuid();
    REQUIRE(id.size() == 36);
    REQUIRE(id[14] == '7');
    REQUIRE(std::string("89ab").find(id[19]) != std::string::npos);
    REQUIRE(id > last);
    last = id;
  }
}

TEST_CASE("ids: the first 48 bits are the time", "[unit][values]") {
  auto clock = std::make_shared<test::FakeClock>();
  const auto id = systemIds(clock)->uuid();
  const auto millis = std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16);
  CHECK(millis == clock->now().time_since_epoch().count());
}

TEST_CASE("times: RFC 3339 with milliseconds", "[unit][values]") {
  CHECK(toString(test::FakeClock::start() + std::chrono::milliseconds(7)) == "2026-01-31T12:00:00.007Z");
  CHECK(toString(Timestamp(std::chrono::milliseconds(-1))) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("signals: by name, by short name and by number", "[unit][values]") {
  CHECK(parseSignal("SIGTERM") == 15);
  CHECK(parseSignal("KILL") == 9);
  CHECK(parseSignal("15") == 15);
  CHECK_FALSE(parseSignal("0"));
  CHECK_FALSE(parseSignal("65"));
  CHECK_FALSE(parseSignal("SIGNOTHING"));
  CHECK_FALSE(parseSignal(""));
  CHECK(signalName(15) == "SIGTERM");
  CHECK(signalName(63).empty());
}
