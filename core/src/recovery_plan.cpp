#include "recover.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace mooring {
namespace {

using Key = std::pair<std::string, std::string>;  // provider, provision key

bool unfinished(const SandboxRecord& record) {
  return record.status == SandboxStatus::creating || record.status == SandboxStatus::recreating;
}

std::string whyOver(const Expiry& expiry) {
  const auto length = std::to_string(expiry.length.count() / 1000) + " s";
  if (expiry.limit == TimeLimit::lifetime) return "its lifetime of " + length + " is over";
  return "it has not been used for the " + length + " of its idle limit";
}

class Planner {
 public:
  explicit Planner(const RecoveryView& view) : view_(view) {
    for (const auto& record : view.records) {
      byId_.emplace(record.sandboxId, &record);
      if (!record.provisionKey.empty()) byKey_.emplace(Key(record.provider, record.provisionKey), &record);
      if (!record.externalSandboxId.empty()) {
        byExternalId_.emplace(Key(record.provider, record.externalSandboxId.value), &record);
      }
    }
    for (const auto& seen : view.lookups)
      lookups_.emplace(Key(seen.provider, seen.provisionKey), &seen);
  }

  std::vector<RecoveryStep> plan() {
    for (const auto& debt : view_.debts)
      payOrCancel(debt);
    for (const auto& seen : view_.listed)
      destroyIfOrphan(seen);
    for (const auto& expiry : view_.expiries)
      expireIfDue(expiry);
    for (const auto& record : view_.records)
      settle(record);
    std::ranges::stable_sort(steps_, {}, &RecoveryStep::action);
    return std::move(steps_);
  }

 private:
  void payOrCancel(const Debt& debt) {
    const auto* record = find(byId_, debt.sandboxId);
    RecoveryStep step{
        .sandboxId = debt.sandboxId,
        .provider = debt.provider,
        .provisionKey = debt.provisionKey,
        .externalSandboxId = debt.externalSandboxId,
        .debt = debt.seq,
        .recordVersion = record != nullptr ? record->version : 0,
    };
    if (record != nullptr && detail::inUseAgain(*record, debt)) {
      // While it is being made, whoever makes it decides.
      if (record->status != SandboxStatus::active || record->leased(view_.now)) return;
      step.action = RecoveryAction::cancelDebt;
      step.why = "it is in use again, so that the " + std::string(toString(debt.kind)) + " no longer stands";
    } else {
      if (leasedKey(debt.provider, debt.provisionKey)) return;
      const bool destroys = debt.kind == DebtKind::destroy;
      step.action = destroys ? RecoveryAction::payDestroy : RecoveryAction::payStop;
      step.why = "its " + std::string(toString(debt.kind)) + " was not confirmed" +
                 (debt.lastError.empty() ? std::string() : ": " + debt.lastError);
      if (destroys) beingDestroyed_.emplace(debt.provider, debt.provisionKey);
    }
    steps_.push_back(std::move(step));
  }

  void destroyIfOrphan(const Sighting& seen) {
    // Without a key nothing says that it was mooring that made it.
    if (seen.provisionKey.empty()) return;
    const Key key(seen.provider, seen.provisionKey);
    if (beingDestroyed_.contains(key)) return;
    const auto* record = find(byKey_, key);
    if (record == nullptr && !seen.externalSandboxId.empty()) {
      record = find(byExternalId_, Key(seen.provider, seen.externalSandboxId.value));
    }
    if (record != nullptr && (record->leased(view_.now) || detail::ownsSighting(*record, seen))) return;
    if (!orphans_.emplace(seen.provider, seen.provisionKey, seen.externalSandboxId.value).second) return;
    steps_.push_back(RecoveryStep{
        .action = RecoveryAction::destroyOrphan,
        .provider = seen.provider,
        .provisionKey = seen.provisionKey,
        .externalSandboxId = seen.externalSandboxId,
        .why = record != nullptr
                   ? "its record is " + std::string(toString(record->status)) + " and keeps nothing of it"
                   : "it carries our owner tag and is no record's current generation",
    });
  }

  void expireIfDue(const Expiry& expiry) {
    const auto* record = find(byId_, expiry.sandboxId);
    if (record == nullptr || record->status != SandboxStatus::active || record->leased(view_.now)) return;
    if (expiry.at > view_.now) return;
    const auto* seen = find(lookups_, Key(record->provider, record->provisionKey));
    if (seen != nullptr && seen->presence == Presence::absent) return;  // Nothing is left to be stopped.
    steps_.push_back(RecoveryStep{
        .action = RecoveryAction::expire,
        .sandboxId = record->sandboxId,
        .provider = record->provider,
        .provisionKey = record->provisionKey,
        .externalSandboxId = record->externalSandboxId,
        .why = whyOver(expiry),
        .recordVersion = record->version,
    });
  }

  void settle(const SandboxRecord& record) {
    if (record.leased(view_.now)) return;
    const auto* seen = find(lookups_, Key(record.provider, record.provisionKey));
    if (seen == nullptr || seen->presence == Presence::unknown) return;
    if (unfinished(record)) {
      settleUnfinished(record, *seen);
    } else if (record.status == SandboxStatus::active && seen->presence == Presence::absent) {
      settleGone(record, *seen);
    }
  }

  void settleUnfinished(const SandboxRecord& record, const Sighting& seen) {
    const bool always = record.config.recreate == RecreatePolicy::always;
    const std::string then = always ? "" : "; its policy leaves the next one to a call";
    if (seen.presence == Presence::absent) {
      return add(always ? RecoveryAction::rebuild : RecoveryAction::markError,
                 record,
                 seen,
                 "its creation was interrupted before anything was made" + then);
    }
    if (!seen.usable) {
      return add(always ? RecoveryAction::rebuild : RecoveryAction::markError,
                 record,
                 seen,
                 "its creation was interrupted, and what was made does not work" + then);
    }
    if (record.config.setup.empty()) {
      return add(RecoveryAction::adopt, record, seen, "its creation was interrupted after it had been made");
    }
    add(always ? RecoveryAction::rebuild : RecoveryAction::markError,
        record,
        seen,
        "its creation was interrupted, and its setup may be half done" + then);
  }

  void settleGone(const SandboxRecord& record, const Sighting& seen) {
    switch (record.config.recreate) {
      case RecreatePolicy::never:
        return add(
            RecoveryAction::markGone, record, seen, "it no longer exists, and its policy forbids another");
      case RecreatePolicy::always:
        return add(
            RecoveryAction::rebuild, record, seen, "it no longer exists, and its policy wants it to stand");
      case RecreatePolicy::onDemand:
        return;
    }
  }

  void add(RecoveryAction action, const SandboxRecord& record, const Sighting& seen, std::string why) {
    steps_.push_back(RecoveryStep{
        .action = action,
        .sandboxId = record.sandboxId,
        .provider = record.provider,
        .provisionKey = record.provisionKey,
        .externalSandboxId = seen.externalSandboxId,
        .why = std::move(why),
        .recordVersion = record.version,
    });
  }

  [[nodiscard]] bool leasedKey(const std::string& provider, const std::string& provisionKey) const {
    const auto* record = find(byKey_, Key(provider, provisionKey));
    return record != nullptr && record->leased(view_.now);
  }

  template <class Map, class Wanted>
  static typename Map::mapped_type find(const Map& map, const Wanted& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }

  const RecoveryView& view_;
  std::map<SandboxId, const SandboxRecord*> byId_;
  std::map<Key, const SandboxRecord*> byKey_;
  std::map<Key, const SandboxRecord*> byExternalId_;
  std::map<Key, const Sighting*> lookups_;
  std::set<Key> beingDestroyed_;
  std::set<std::tuple<std::string, std::string, std::string>> orphans_;
  std::vector<RecoveryStep> steps_;
};

}  // namespace

namespace detail {

bool ownsSighting(const SandboxRecord& record, const Sighting& seen) {
  if (record.provider != seen.provider) return false;
  const bool ended = record.status == SandboxStatus::shutdown || record.status == SandboxStatus::error;
  if (ended && record.externalSandboxId.empty()) return false;
  return record.provisionKey == seen.provisionKey ||
         (!record.externalSandboxId.empty() && record.externalSandboxId == seen.externalSandboxId);
}

bool inUseAgain(const SandboxRecord& record, const Debt& debt) {
  const bool ended = record.status == SandboxStatus::shutdown || record.status == SandboxStatus::error;
  return !ended && record.provider == debt.provider && record.provisionKey == debt.provisionKey;
}

}  // namespace detail

std::vector<RecoveryStep> plan(const RecoveryView& view) { return Planner(view).plan(); }

}  // namespace mooring
