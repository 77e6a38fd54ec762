// What plan() does in worlds made at random.
#include "recovery_view.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace mooring;
using namespace mooring::test;

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
      expiries_.push_back(Expiry{.sandboxId = record.sandboxId, .at = at, .length = std::chrono::hours(2)});
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
