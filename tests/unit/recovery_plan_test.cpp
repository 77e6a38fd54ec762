// What plan() makes of a view, case by case.
#include "recovery_view.hpp"
#include "support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace mooring;
using namespace mooring::test;

TEST_CASE("recovery/plan: what the exact look-up says of an unfinished record decides", "[unit][recovery]") {
  struct Row {
    Presence presence;
    bool usable;
    bool setup;
    RecreatePolicy policy;
    std::string expected;
  };
  using enum Presence;
  using enum RecreatePolicy;
  const auto row = GENERATE(values<Row>({
      {present, true, false, never, "adopt key-a-2"},
      {present, true, false, onDemand, "adopt key-a-2"},
      {present, true, false, always, "adopt key-a-2"},
      {present, true, true, never, "markError key-a-2"},
      {present, true, true, onDemand, "markError key-a-2"},
      {present, true, true, always, "rebuild key-a-2"},
      {present, false, false, never, "markError key-a-2"},
      {present, false, false, onDemand, "markError key-a-2"},
      {present, false, false, always, "rebuild key-a-2"},
      {present, false, true, always, "rebuild key-a-2"},
      {absent, true, false, never, "markError key-a-2"},
      {absent, true, false, onDemand, "markError key-a-2"},
      {absent, true, false, always, "rebuild key-a-2"},
      {absent, true, true, onDemand, "markError key-a-2"},
      {absent, true, true, always, "rebuild key-a-2"},
      {unknown, true, false, never, ""},
      {unknown, true, false, onDemand, ""},
      {unknown, true, true, always, ""},
  }));
  const auto status = GENERATE(SandboxStatus::creating, SandboxStatus::recreating);
  const auto lease = GENERATE(Lease::none, Lease::valid, Lease::expired);
  CAPTURE(toString(row.policy), row.setup, row.usable, static_cast<int>(row.presence), toString(status));
  CAPTURE(static_cast<int>(lease));

  auto view = viewOf(
      {recordOf("a", {.status = status, .policy = row.policy, .setup = row.setup, .lease = lease})});
  view.lookups.push_back(seen("key-a-2", row.presence, row.usable));
  const auto steps = plan(view);

  if (row.expected.empty() || lease == Lease::valid) {
    CHECK(texts(steps).empty());
  } else {
    REQUIRE(texts(steps) == std::vector{row.expected});
    CHECK(steps[0].sandboxId == SandboxId("a"));
    CHECK(steps[0].recordVersion == 7);
    CHECK(steps[0].externalSandboxId == view.lookups[0].externalSandboxId);
    CHECK_FALSE(steps[0].why.empty());
  }

  // A listing is evidence of presence only: with a look-up it adds nothing, and without one it decides
  // nothing.
  view.listed.push_back(seen("key-a-2", Presence::present));
  CHECK(texts(plan(view)) == texts(steps));
  view.lookups.clear();
  CHECK(texts(plan(view)).empty());
}

TEST_CASE("recovery/plan: an active record is touched only when its sandbox is proven absent",
          "[unit][recovery]") {
  struct Row {
    std::optional<Presence> presence;
    RecreatePolicy policy;
    std::string expected;
  };
  using enum RecreatePolicy;
  const auto row = GENERATE(values<Row>({
      {Presence::absent, never, "markGone key-a-2"},
      {Presence::absent, onDemand, ""},
      {Presence::absent, always, "rebuild key-a-2"},
      {Presence::unknown, never, ""},
      {Presence::unknown, always, ""},
      {Presence::present, never, ""},
      {Presence::present, always, ""},
      {std::nullopt, never, ""},
      {std::nullopt, always, ""},
  }));
  auto view = viewOf({recordOf("a", {.policy = row.policy, .external = "ext"})});
  if (row.presence) view.lookups.push_back(seen("key-a-2", *row.presence));
  CHECK(texts(plan(view)) == (row.expected.empty() ? std::vector<std::string>() : std::vector{row.expected}));
}

TEST_CASE("recovery/plan: records that have ended are left as they are", "[unit][recovery]") {
  const auto status = GENERATE(SandboxStatus::shutdown, SandboxStatus::error);
  const auto presence = GENERATE(Presence::present, Presence::absent, Presence::unknown);
  auto view = viewOf(
      {recordOf("a", {.status = status, .policy = RecreatePolicy::always, .external = "ext"})});
  view.lookups.push_back(seen("key-a-2", presence));
  CHECK(texts(plan(view)).empty());
}

TEST_CASE("recovery/plan: a debt is paid unless its sandbox is in use again", "[unit][recovery]") {
  struct Row {
    std::optional<SandboxStatus> status;
    Lease lease;
    std::string key;
    DebtKind kind;
    std::string expected;
  };
  using enum SandboxStatus;
  const auto row = GENERATE(values<Row>({
      {shutdown, Lease::none, "key-a-2", DebtKind::stop, "payStop key-a-2 debt"},
      {shutdown, Lease::none, "key-a-2", DebtKind::destroy, "payDestroy key-a-2 debt"},
      {error, Lease::none, "key-a-2", DebtKind::destroy, "payDestroy key-a-2 debt"},
      {active, Lease::none, "key-a-1", DebtKind::destroy, "payDestroy key-a-1 debt"},
      {recreating, Lease::valid, "key-a-1", DebtKind::destroy, "payDestroy key-a-1 debt"},
      {recreating, Lease::none, "key-a-1", DebtKind::destroy, "payDestroy key-a-1 debt"},
      {active, Lease::none, "key-a-2", DebtKind::stop, "cancelDebt key-a-2 debt"},
      {active, Lease::none, "key-a-2", DebtKind::destroy, "cancelDebt key-a-2 debt"},
      {recreating, Lease::valid, "key-a-2", DebtKind::destroy, ""},
      {recreating, Lease::none, "key-a-2", DebtKind::destroy, ""},
      {creating, Lease::expired, "key-a-2", DebtKind::stop, ""},
      {std::nullopt, Lease::none, "key-a-2", DebtKind::destroy, "payDestroy key-a-2 debt"},
  }));
  auto view = viewOf({});
  if (row.status) view.records.push_back(recordOf("a", {.status = *row.status, .lease = row.lease}));
  view.debts.push_back(debtOf("a", row.key, row.kind));
  const auto steps = plan(view);
  CHECK(texts(steps) == (row.expected.empty() ? std::vector<std::string>() : std::vector{row.expected}));
  if (!steps.empty()) CHECK(steps[0].debt == 5);
}

TEST_CASE("recovery/plan: what is listed is destroyed only when no record keeps it", "[unit][recovery]") {
  struct Row {
    SandboxStatus status;
    Lease lease;
    std::string external;
    std::string listed;
    bool orphan;
  };
  using enum SandboxStatus;
  const auto row = GENERATE(values<Row>({
      {active, Lease::none, "ext-key-a-2", "key-a-2", false},
      {active, Lease::none, "ext-key-a-2", "key-a-1", true},
      {active, Lease::none, "ext-key-a-1", "key-a-1", false},  // Owned by its external id.
      {active, Lease::none, "", "key-b-1", true},
      {active, Lease::none, "", "", false},  // Nothing says that mooring made it.
      {creating, Lease::none, "", "key-a-2", false},
      {creating, Lease::valid, "", "key-a-2", false},
      {recreating, Lease::expired, "", "key-a-2", false},
      {recreating, Lease::valid, "", "key-a-1", true},
      {shutdown, Lease::none, "ext-key-a-2", "key-a-2", false},  // Stopped: resume() wants it.
      {shutdown, Lease::none, "", "key-a-2", true},
      {shutdown, Lease::valid, "", "key-a-2", false},
      {error, Lease::none, "", "key-a-2", true},
      {error, Lease::none, "ext-key-a-2", "key-a-2", false},
  }));
  CAPTURE(toString(row.status), row.external, row.listed);
  auto view = viewOf({recordOf("a", {.status = row.status, .lease = row.lease, .external = row.external})});
  view.listed.push_back(seen(row.listed, Presence::present));
  view.listed.push_back(view.listed[0]);  // Pages may overlap.
  const auto steps = plan(view);
  CHECK(texts(steps) ==
        (row.orphan ? std::vector{"destroyOrphan " + row.listed} : std::vector<std::string>()));
  if (!steps.empty()) CHECK(steps[0].externalSandboxId == ExternalSandboxId("ext-" + row.listed));
}

TEST_CASE("recovery/plan: another provider's sandbox of the same name is not ours", "[unit][recovery]") {
  auto view = viewOf({recordOf("a", {.external = "ext-key-a-2"})});
  view.listed.push_back(seen("key-a-2", Presence::present));
  view.listed[0].provider = "elsewhere";
  CHECK(texts(plan(view)) == std::vector<std::string>{"destroyOrphan key-a-2"});
}

TEST_CASE("recovery/plan: what has outlived its lifetime is stopped, once it is time and nobody works on it",
          "[unit][recovery]") {
  const auto expiring = [](const RecordOf& what, std::chrono::milliseconds from) {
    auto view = viewOf({recordOf("a", what)});
    view.expiries.push_back(
        Expiry{.sandboxId = SandboxId("a"), .at = noon + from, .length = std::chrono::hours(1)});
    return view;
  };
  const std::vector<std::string> stopped{"expire key-a-2"};
  const std::vector<std::string> nothing;
  CHECK(texts(plan(expiring({}, std::chrono::milliseconds(0)))) == stopped);
  CHECK(plan(expiring({}, std::chrono::milliseconds(0))).front().why == "its lifetime of 3600 s is over");
  auto idle = expiring({}, std::chrono::milliseconds(0));
  idle.expiries.front().limit = TimeLimit::idleTimeout;
  CHECK(texts(plan(idle)) == stopped);
  CHECK(plan(idle).front().why == "it has not been used for the 3600 s of its idle limit");
  CHECK(texts(plan(expiring({}, std::chrono::milliseconds(1)))) == nothing);
  CHECK(texts(plan(expiring({.lease = Lease::valid}, std::chrono::hours(-1)))) == nothing);
  CHECK(texts(plan(expiring({.status = SandboxStatus::shutdown}, std::chrono::hours(-1)))) == nothing);
  auto absent = expiring({}, std::chrono::hours(-1));
  absent.lookups.push_back(seen("key-a-2", Presence::absent));
  CHECK(texts(plan(absent)) == nothing);
  absent.lookups.front().presence = Presence::unknown;
  CHECK(texts(plan(absent)) == stopped);
}

TEST_CASE("recovery/plan: what is owed is not swept as well", "[unit][recovery]") {
  auto view = viewOf({recordOf("a", {.external = "ext-key-a-2"})});
  view.debts.push_back(debtOf("a", "key-a-1", DebtKind::destroy));
  view.listed.push_back(seen("key-a-1", Presence::present));
  CHECK(texts(plan(view)) == std::vector<std::string>{"payDestroy key-a-1 debt"});
}

TEST_CASE("recovery/plan: what frees something comes before what needs it", "[unit][recovery]") {
  auto view = viewOf({
      recordOf("a", {.status = SandboxStatus::creating, .policy = RecreatePolicy::always}),
      recordOf("b", {.status = SandboxStatus::creating}),
      recordOf("c", {.status = SandboxStatus::shutdown}),
  });
  view.lookups.push_back(seen("key-a-2", Presence::absent));
  view.lookups.push_back(seen("key-b-2", Presence::present));
  view.listed.push_back(seen("key-a-1", Presence::present));
  view.debts.push_back(debtOf("c", "key-c-2", DebtKind::destroy));
  CHECK(texts(plan(view)) ==
        std::vector<std::string>{
            "payDestroy key-c-2 debt", "destroyOrphan key-a-1", "adopt key-b-2", "rebuild key-a-2"});
}
