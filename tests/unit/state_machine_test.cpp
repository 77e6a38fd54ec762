// Random lives of a few sandboxes on a cloud that fails at random: what holds after every single step of
// them.

#include <mooring/memory/store.hpp>
#include <mooring/service.hpp>

#include "support/catch.hpp"
#include "support/fake_cloud.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace mooring;

namespace {

class Lives {
 public:
  explicit Lives(unsigned seed) : random_(seed) {
    cloud_->answerWith([](const CommandSpec&, RunObserver& observer) {
      observer.onStarted();
      return CommandEnd();
    });
    for (int i = 0; i < 2; ++i) {
      ServiceParts parts;
      parts.store = memory::openStore(database_);
      cloud_->registerIn(parts.providers);
      std::map<std::string, std::string, std::less<>> variables{{"SANDBOX_PROVIDER", "fake"}};
      parts.settings = Settings(std::move(variables));
      parts.clock = clock_;
      parts.ids = ids_;
      auto service = SandboxService::open(std::move(parts));
      REQUIRE(test::ok(service));
      services_.push_back(std::move(*service));
    }
  }

  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  const SandboxService& anyService() { return services_[static_cast<std::size_t>(below(2))]; }
  test::FakeCloud& cloud() { return *cloud_; }
  [[nodiscard]] const std::string& story() const { return story_; }
  void tell(const std::string& text) { story_ += "\n  " + text; }

  std::vector<SandboxRecord> records() {
    PageRequest page;
    page.limit = 1000;
    auto all = store_->list(RecordFilter(), page);
    REQUIRE(test::ok(all));
    return std::move(all->records);
  }
  SandboxRecord record(const SandboxId& id) {
    auto found = store_->get(id);
    REQUIRE(test::ok(found));
    return std::move(*found);
  }
  std::vector<SandboxEvent> events(const SandboxId& id) {
    auto all = store_->events(id, 0, 1000);
    REQUIRE(test::ok(all));
    return std::move(*all);
  }
  std::vector<Debt> debts() {
    auto all = store_->debts();
    REQUIRE(test::ok(all));
    return std::move(*all);
  }

  /// Some of the next calls will go wrong.
  void stir() {
    using test::FakeCall;
    using test::Fault;
    const std::vector<FakeCall> calls{FakeCall::provision,
                                      FakeCall::find,
                                      FakeCall::attach,
                                      FakeCall::stop,
                                      FakeCall::destroy,
                                      FakeCall::list};
    const std::vector<Fault> faults{
        Fault::fail(Errc::unavailable),
        Fault::fail(Errc::rateLimited),
        Fault::fail(Errc::unauthenticated),
        Fault::fail(Errc::quotaExceeded),
        Fault::fail(Errc::invalidArgument),
        Fault::fail(Errc::outcomeUnknown),
        Fault::loseReply(),
    };
    for (int i = below(3); i > 0; --i) {
      const auto call = calls[static_cast<std::size_t>(below(static_cast<int>(calls.size())))];
      const auto& fault = faults[static_cast<std::size_t>(below(static_cast<int>(faults.size())))];
      tell("fault in call " + std::to_string(static_cast<int>(call)) + ": " + describe(fault.error));
      cloud_->fault(call, {fault});
    }
  }

  void vanishOne() {
    const auto existing = cloud_->existing();
    if (existing.empty()) return;
    const auto& key = existing[static_cast<std::size_t>(below(static_cast<int>(existing.size())))];
    cloud_->vanish(key);
    vanished_.insert(key);
    tell("vanished: " + key);
  }
  [[nodiscard]] bool hasVanished(const std::string& key) const { return vanished_.contains(key); }
  [[nodiscard]] std::size_t vanished() const { return vanished_.size(); }

  SandboxConfig anyConfig() {
    const std::vector<RecreatePolicy> policies{
        RecreatePolicy::never, RecreatePolicy::onDemand, RecreatePolicy::always};
    SandboxConfig config;
    config.recreate = policies[static_cast<std::size_t>(below(3))];
    if (below(2) == 0) config.setup.emplace_back(SetupCommand{.program = "prepare"});
    config.ephemeral = below(4) == 0;
    return config;
  }

  std::string nonce() { return "nonce-" + std::to_string(++nonces_) + "."; }

 private:
  std::mt19937 random_;
  std::shared_ptr<memory::Database> database_ = memory::makeDatabase();
  std::shared_ptr<RecordStore> store_ = memory::openStore(database_);
  std::shared_ptr<test::FakeCloud> cloud_ = test::FakeCloud::make();
  std::shared_ptr<test::FakeClock> clock_ = std::make_shared<test::FakeClock>();
  std::shared_ptr<test::FakeIds> ids_ = std::make_shared<test::FakeIds>();
  std::vector<SandboxService> services_;
  std::set<std::string> vanished_;
  std::string story_;
  int nonces_ = 0;
};

bool ended(const SandboxRecord& record) {
  return record.status == SandboxStatus::shutdown || record.status == SandboxStatus::error;
}

/// What holds of every record at any time.
void checkLegal(Lives& lives) {
  for (const auto& record : lives.records()) {
    INFO(boost::json::serialize(toJson(record)));
    auto events = lives.events(record.sandboxId);
    REQUIRE_FALSE(events.empty());
    // Paying is noted on the side: it is no change of the record, and may overlap with one.
    std::erase_if(events, [](const SandboxEvent& event) { return event.reason == EventReason::debtPaid; });
    int lastGeneration = events.front().generation;
    for (std::size_t i = 1; i < events.size(); ++i) {
      CAPTURE(i, toString(events[i].reason));
      REQUIRE(events[i].from);
      CHECK(*events[i].from == events[i - 1].to);
      CHECK(transitionAllowed(*events[i].from, events[i].to));
      // A debt is about the generation that it was incurred for.
      if (events[i].reason == EventReason::debtIncurred) continue;
      CHECK(events[i].generation >= lastGeneration);
      lastGeneration = events[i].generation;
    }
    CHECK(events.back().to == record.status);
    CHECK(record.shutdownAt.has_value() == (record.status == SandboxStatus::shutdown));
    if (record.status == SandboxStatus::active) CHECK_FALSE(record.externalSandboxId.empty());
    if (record.status == SandboxStatus::error) CHECK(record.error);
    if (record.leaseExpiresAt) CHECK_FALSE(ended(record));
  }
}

/// What holds when nothing is under way: whatever exists is kept by a record, owed, or findable by its owner
/// tag.
void checkSettledOrOwed(Lives& lives) {
  const auto existing = lives.cloud().existing();
  for (const auto& record : lives.records()) {
    INFO(boost::json::serialize(toJson(record)));
    CHECK_FALSE(record.leaseExpiresAt);
    CHECK(record.leaseOwner.empty());
    if (record.status != SandboxStatus::active) continue;
    const bool stands = std::ranges::count(existing, record.provisionKey) == 1;
    CHECK((stands || lives.hasVanished(record.provisionKey)));
  }
}

void settle(Lives& lives) {
  // Faults that were laid and not met are met now; each costs one round at most.
  for (int round = 0; round < 200; ++round) {
    const auto report = lives.anyService().recover().get();
    REQUIRE(test::ok(report));
    const auto left = lives.anyService().plan().get();
    REQUIRE(test::ok(left));
    if (report->failures.empty() && report->steps.empty() && left->empty() && lives.debts().empty()) return;
  }
  FAIL("recover() does not come to an end");
}

void checkHealed(Lives& lives) {
  settle(lives);
  checkLegal(lives);
  std::set<std::string> kept;
  for (const auto& record : lives.records()) {
    INFO(boost::json::serialize(toJson(record)));
    CHECK(record.status != SandboxStatus::creating);
    CHECK(record.status != SandboxStatus::recreating);
    if (!ended(record) || !record.externalSandboxId.empty()) kept.insert(record.provisionKey);
  }
  for (const auto& key : lives.cloud().existing()) {
    INFO("exists: " << key);
    CHECK(kept.contains(key));
  }
}

void endAll(Lives& lives) {
  for (const auto& record : lives.records()) {
    const auto done = lives.anyService().sandbox(record.sandboxId).destroy().get();
    REQUIRE(test::ok(done));
    CHECK(done->status == SandboxStatus::shutdown);
  }
  settle(lives);
  CHECK(lives.cloud().existing() == std::vector<std::string>());
}

void create(Lives& lives) {
  const auto config = lives.anyConfig();
  const auto made = lives.anyService().create(config).get();
  lives.tell(std::string("create ") + std::string(toString(config.recreate)) + ": " +
             (made ? made->id().value : describe(made.error())));
  if (made) CHECK(lives.record(made->id()).status == SandboxStatus::active);
}

void runOn(Lives& lives, const SandboxRecord& before) {
  const auto nonce = lives.nonce();
  const auto made = lives.cloud().ledger().provisioned.size();
  const auto result = lives.anyService().sandbox(before.sandboxId).run("work", {nonce}).get();
  lives.tell("run " + before.sandboxId.value + ": " +
             (result ? std::string(toString(result->connection)) : describe(result.error())));
  // At most once, or said so; a success was done once.
  CHECK(lives.cloud().timesRun(nonce) == (result ? 1 : 0));
  const auto after = lives.record(before.sandboxId);
  if (before.status == SandboxStatus::shutdown) {
    CHECK(test::failsWith(result, Errc::gone));
    CHECK(after.version == before.version);
    CHECK(lives.cloud().ledger().provisioned.size() == made);
  }
  // A blip is not a death: an active record changes only when its sandbox is really gone.
  if (before.status == SandboxStatus::active && after.status != SandboxStatus::active) {
    CHECK(lives.hasVanished(before.provisionKey));
  }
  if (result && result->connection == OutcomeKind::recreated) CHECK(after.generation >= before.generation);
}

void endOne(Lives& lives, const SandboxRecord& before, bool destroy) {
  const auto sandbox = lives.anyService().sandbox(before.sandboxId);
  const auto done = destroy ? sandbox.destroy().get() : sandbox.stop().get();
  lives.tell((destroy ? "destroy " : "stop ") + before.sandboxId.value);
  // It always ends, whatever the provider says.
  REQUIRE(test::ok(done));
  CHECK(done->status == SandboxStatus::shutdown);
  if (!destroy) return;
  const auto existing = lives.cloud().existing();
  const bool stands = std::ranges::count(existing, before.provisionKey) == 1;
  const auto debts = lives.debts();
  const bool owed = std::ranges::count(debts, before.provisionKey, &Debt::provisionKey) > 0;
  CHECK((!stands || owed || before.externalSandboxId.empty()));
}

void live(Lives& lives) {
  const auto records = lives.records();
  if (records.empty()) return create(lives);
  const auto& record = records[static_cast<std::size_t>(lives.below(static_cast<int>(records.size())))];
  const auto sandbox = lives.anyService().sandbox(record.sandboxId);
  switch (lives.below(12)) {
    case 0:
    case 1:
      return create(lives);
    case 2:
    case 3:
    case 4:
    case 5:
      return runOn(lives, record);
    case 6:
      return endOne(lives, record, false);
    case 7:
      return endOne(lives, record, true);
    case 8: {
      const auto outcome = sandbox.resume().get();
      lives.tell("resume " + record.sandboxId.value + ": " + (outcome ? "" : describe(outcome.error())));
      if (outcome && outcome->kind == OutcomeKind::resumed) {
        CHECK(lives.record(record.sandboxId).status == SandboxStatus::active);
      }
      return;
    }
    case 9: {
      const auto again = sandbox.recreate().get();
      lives.tell("recreate " + record.sandboxId.value + ": " + (again ? "" : describe(again.error())));
      if (again) CHECK(again->generation > record.generation);
      return;
    }
    case 10: {
      const auto report = lives.anyService().recover().get();
      REQUIRE(test::ok(report));
      lives.tell("recover: " + std::to_string(report->steps.size()) + " steps");
      return;
    }
    default:
      return lives.vanishOne();
  }
}

}  // namespace

TEST_CASE("state machine: in any life with any faults, every record stays legal and recover() heals it",
          "[unit][recovery][random]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Lives lives(seed);
    for (int turn = 0; turn < 25; ++turn) {
      lives.stir();
      live(lives);
      INFO("seed " << seed << lives.story());
      checkLegal(lives);
      checkSettledOrOwed(lives);
    }
    INFO("seed " << seed << lives.story());
    checkHealed(lives);
    endAll(lives);
  }
}

TEST_CASE("connect: a provider that says conflict is asked once, not for ever", "[unit][recovery]") {
  Lives lives(1);
  create(lives);
  const auto before = lives.records().front();
  REQUIRE(lives.cloud().vanish(before.provisionKey));
  lives.cloud().forgetCalls();
  lives.cloud().fault(test::FakeCall::provision,
                      std::vector(3, test::Fault::fail(Errc::conflict, "that name is somebody else's")));
  const auto outcome = lives.anyService().sandbox(before.sandboxId).connect().get();
  REQUIRE(test::ok(outcome));
  CHECK(outcome->kind == OutcomeKind::unreachable);
  REQUIRE(outcome->reason);
  CHECK(outcome->reason->code == Errc::conflict);
  CHECK(lives.cloud().calls(test::FakeCall::provision) == 1);
}

TEST_CASE(
    "state machine: whatever is asked at the same time, the records stay legal and nothing is left behind",
    "[unit][recovery][random]") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Lives lives(seed);
    for (int i = 0; i < 2; ++i)
      create(lives);
    for (int turn = 0; turn < 10; ++turn) {
      lives.stir();
      if (lives.below(3) == 0) lives.vanishOne();
      std::vector<std::future<std::optional<Error>>> pending;
      const auto launch = [&pending](auto operation) {
        auto wait = [operation = std::move(operation)]() mutable {
          auto result = operation.get();
          return result ? std::nullopt : std::optional(std::move(result).error());
        };
        pending.push_back(std::async(std::launch::async, std::move(wait)));
      };
      for (int i = 0; i < 4; ++i) {
        const auto records = lives.records();
        const auto& record = records[static_cast<std::size_t>(lives.below(static_cast<int>(records.size())))];
        const auto sandbox = lives.anyService().sandbox(record.sandboxId);
        switch (lives.below(7)) {
          case 0:
            launch(sandbox.stop());
            break;
          case 1:
            launch(sandbox.destroy());
            break;
          case 2:
            launch(sandbox.resume());
            break;
          case 3:
            launch(sandbox.recreate());
            break;
          case 4:
            launch(lives.anyService().recover());
            break;
          default:
            launch(sandbox.connect());
            break;
        }
      }
      INFO("seed " << seed << lives.story());
      for (auto& each : pending) {
        const auto error = each.get();
        if (error) CHECK(error->code != Errc::internal);
      }
      checkLegal(lives);
    }
    INFO("seed " << seed << lives.story());
    checkHealed(lives);
    endAll(lives);
  }
}
