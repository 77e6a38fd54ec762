#include <mooring/recovery.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace mooring;

namespace {

constexpr Timestamp noon{std::chrono::hours(500'000)};

std::string text(const RecoveryStep& step) {
  return std::string(toString(step.action)) + " " + step.provisionKey + (step.debt != 0 ? " debt" : "");
}

std::vector<std::string> texts(const std::vector<RecoveryStep>& steps) {
  std::vector<std::string> out;
  for (const auto& step : steps)
    out.push_back(text(step));
  return out;
}

enum class Lease { none, valid, expired };

struct RecordOf {
  SandboxStatus status = SandboxStatus::active;
  RecreatePolicy policy = RecreatePolicy::onDemand;
  bool setup = false;
  Lease lease = Lease::none;
  std::string external = {};
};

std::string keyOf(const std::string& id, int generation) {
  return "key-" + id + "-" + std::to_string(generation);
}

SandboxRecord recordOf(const std::string& id, const RecordOf& what) {
  SandboxRecord record;
  record.sandboxId = SandboxId(id);
  record.provider = "acme";
  record.generation = 2;
  record.provisionKey = keyOf(id, 2);
  record.externalSandboxId = ExternalSandboxId(what.external);
  record.status = what.status;
  record.version = 7;
  record.config.recreate = what.policy;
  if (what.setup) record.config.setup.emplace_back(SetupCommand{.program = "true"});
  if (what.lease != Lease::none) {
    record.leaseOwner = "somebody";
    record.leaseExpiresAt = what.lease == Lease::valid ? noon + std::chrono::seconds(1) : noon;
  }
  return record;
}

Sighting seen(const std::string& key, Presence presence, bool usable = true) {
  return Sighting{
      .provider = "acme",
      .provisionKey = key,
      .externalSandboxId = ExternalSandboxId(presence == Presence::present ? "ext-" + key : ""),
      .presence = presence,
      .usable = usable,
  };
}

Debt debtOf(const std::string& id, const std::string& key, DebtKind kind) {
  return Debt{.seq = 5, .sandboxId = SandboxId(id), .kind = kind, .provider = "acme", .provisionKey = key};
}

RecoveryView viewOf(std::vector<SandboxRecord> records) {
  RecoveryView view;
  view.now = noon;
  view.records = std::move(records);
  return view;
}

}  // namespace

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
        Expiry{.sandboxId = SandboxId("a"), .at = noon + from, .lifetime = std::chrono::hours(1)});
    return view;
  };
  const std::vector<std::string> stopped{"expire key-a-2"};
  const std::vector<std::string> nothing;
  CHECK(texts(plan(expiring({}, std::chrono::milliseconds(0)))) == stopped);
  CHECK(plan(expiring({}, std::chrono::milliseconds(0))).front().why == "its lifetime of 3600 s is over");
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

namespace {

/// A small world in which steps can be carried out: what stands, who can be asked, what a listing shows.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    for (int i = 0; i < 6; ++i)
      addSandbox("s" + std::to_string(i));
    for (int i = 0; i < 2; ++i) {
      if (chance(2)) stand("key-unknown" + std::to_string(i) + "-1");
    }
  }

  [[nodiscard]] RecoveryView view() const {
    auto view = viewOf(records_);
    view.debts = debts_;
    view.expiries = expiries_;
    for (const auto& record : records_) {
      const auto found = standing_.find(record.provisionKey);
      if (unanswered_.contains(record.provisionKey)) {
        view.lookups.push_back(seen(record.provisionKey, Presence::unknown));
      } else if (found == standing_.end()) {
        view.lookups.push_back(seen(record.provisionKey, Presence::absent));
      } else {
        view.lookups.push_back(seen(record.provisionKey, Presence::present, found->second));
      }
    }
    for (const auto& [key, usable] : standing_) {
      if (!unlisted_.contains(key)) view.listed.push_back(seen(key, Presence::present, usable));
    }
    return view;
  }

  void carryOut(const RecoveryStep& step) {
    auto* record = find(step.sandboxId);
    switch (step.action) {
      case RecoveryAction::payDestroy:
        standing_.erase(step.provisionKey);
        [[fallthrough]];
      case RecoveryAction::cancelDebt:
      case RecoveryAction::payStop:
        std::erase_if(debts_, [&step](const Debt& debt) { return debt.seq == step.debt; });
        return;
      case RecoveryAction::destroyOrphan:
        standing_.erase(step.provisionKey);
        return;
      case RecoveryAction::expire:
        std::erase_if(expiries_,
                      [&step](const Expiry& expiry) { return expiry.sandboxId == step.sandboxId; });
        return;
      case RecoveryAction::adopt:
        become(*record, SandboxStatus::active, step.externalSandboxId);
        return;
      case RecoveryAction::markError:
        standing_.erase(step.provisionKey);
        become(*record, SandboxStatus::error, ExternalSandboxId());
        return;
      case RecoveryAction::markGone:
        become(*record, SandboxStatus::shutdown, ExternalSandboxId());
        return;
      case RecoveryAction::rebuild:
        std::erase_if(expiries_,
                      [&step](const Expiry& expiry) { return expiry.sandboxId == step.sandboxId; });
        standing_.erase(step.provisionKey);
        record->generation += 1;
        record->provisionKey = keyOf(record->sandboxId.value, record->generation);
        stand(record->provisionKey);
        become(*record, SandboxStatus::active, ExternalSandboxId("ext-" + record->provisionKey));
        return;
    }
  }

 private:
  bool chance(int oneIn) { return std::uniform_int_distribution<int>(1, oneIn)(random_) == 1; }
  template <class E>
  E any() {
    const auto& all = detail::EnumText<E>::entries;
    return all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random_)].first;
  }

  void stand(const std::string& key) { standing_[key] = true; }

  void addSandbox(const std::string& id) {
    const Lease leases[] = {Lease::none, Lease::none, Lease::expired, Lease::valid};
    const auto lease = leases[std::uniform_int_distribution<std::size_t>(0, 3)(random_)];
    auto record = recordOf(id,
                           {.status = any<SandboxStatus>(),
                            .policy = any<RecreatePolicy>(),
                            .setup = chance(2),
                            .lease = lease});
    for (int generation = 1; generation <= 2; ++generation) {
      const auto key = keyOf(id, generation);
      if (chance(2)) standing_[key] = !chance(4);
      if (chance(5)) unanswered_.insert(key);
      if (chance(5)) unlisted_.insert(key);
      if (chance(4)) {
        auto debt = debtOf(id, key, any<DebtKind>());
        debt.seq = static_cast<std::int64_t>(debts_.size()) + 1;
        debts_.push_back(std::move(debt));
      }
    }
    if (record.status == SandboxStatus::active && chance(2)) {
      const auto at = noon + std::chrono::hours(chance(2) ? 1 : -1);
      expiries_.push_back(Expiry{.sandboxId = record.sandboxId, .at = at, .lifetime = std::chrono::hours(2)});
    }
    if (standing_.contains(record.provisionKey) && chance(2)) {
      record.externalSandboxId = ExternalSandboxId("ext-" + record.provisionKey);
    }
    records_.push_back(std::move(record));
  }

  SandboxRecord* find(const SandboxId& id) {
    const auto found = std::ranges::find(records_, id, &SandboxRecord::sandboxId);
    return found == records_.end() ? nullptr : &*found;
  }

  static void become(SandboxRecord& record, SandboxStatus status, ExternalSandboxId external) {
    record.status = status;
    record.externalSandboxId = std::move(external);
    record.leaseExpiresAt.reset();
    record.version += 1;
  }

  std::mt19937 random_;
  std::vector<SandboxRecord> records_;
  std::vector<Debt> debts_;
  std::vector<Expiry> expiries_;
  std::map<std::string, bool> standing_;  ///< By key: whether it is usable.
  std::set<std::string> unanswered_;
  std::set<std::string> unlisted_;
};

bool ends(RecoveryAction action) {
  return action == RecoveryAction::payStop || action == RecoveryAction::payDestroy ||
         action == RecoveryAction::destroyOrphan;
}

void checkHarmless(const RecoveryView& view, const std::vector<RecoveryStep>& steps) {
  for (const auto& step : steps) {
    CAPTURE(text(step), step.why);
    for (const auto& record : view.records) {
      if (record.provisionKey != step.provisionKey) continue;
      CHECK_FALSE(record.leased(view.now));
      if (record.status == SandboxStatus::active) CHECK_FALSE(ends(step.action));
    }
    if (step.action == RecoveryAction::cancelDebt || ends(step.action)) continue;
    if (step.action == RecoveryAction::expire) {
      const auto expiry = std::ranges::find(view.expiries, step.sandboxId, &Expiry::sandboxId);
      REQUIRE(expiry != view.expiries.end());
      CHECK(expiry->at <= view.now);
      continue;
    }
    // Whatever changes a record rests on an exact look-up that was answered.
    const auto proof = std::ranges::find(view.lookups, step.provisionKey, &Sighting::provisionKey);
    REQUIRE(proof != view.lookups.end());
    CHECK(proof->presence != Presence::unknown);
  }
}

/// Steps that do not come from a listing, in an order that does not depend on the view's.
std::vector<std::string> withoutOrphans(const RecoveryView& view) {
  auto steps = plan(view);
  std::erase_if(steps, [](const RecoveryStep& step) { return step.action == RecoveryAction::destroyOrphan; });
  auto out = texts(steps);
  std::ranges::sort(out);
  return out;
}

}  // namespace

TEST_CASE("recovery/plan: in any world its steps do no harm, and carried out they leave none to do",
          "[unit][recovery]") {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    World world(seed);
    const auto view = world.view();
    const auto steps = plan(view);
    checkHarmless(view, steps);
    CHECK(texts(plan(view)) == texts(steps));

    // What a listing leaves out changes nothing but what is swept; nor does the order in which things are
    // seen.
    auto blind = view;
    blind.listed.clear();
    std::ranges::reverse(blind.records);
    std::ranges::reverse(blind.lookups);
    CHECK(withoutOrphans(blind) == withoutOrphans(view));

    for (const auto& step : steps)
      world.carryOut(step);
    // A debt on a key that was being decided about is looked at once that is decided.
    const auto left = world.view();
    const auto second = plan(left);
    checkHarmless(left, second);
    for (const auto& step : second) {
      CAPTURE(text(step));
      CHECK(step.debt != 0);
      world.carryOut(step);
    }
    CHECK(texts(plan(world.view())).empty());
  }
}
