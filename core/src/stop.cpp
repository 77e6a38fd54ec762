#include "stop.hpp"

#include "generation.hpp"

namespace mooring::detail {
namespace {

/// What to ask of the provider, given how the record stands. Nothing: it is all done already.
std::optional<DebtKind> whatToDo(const SandboxRecord& record, DebtKind asked) {
  if (asked == DebtKind::stop && record.status == SandboxStatus::shutdown) return std::nullopt;
  if (record.status == SandboxStatus::shutdown && record.externalSandboxId.empty()) return std::nullopt;
  // Whatever an unfinished or failed creation left is of no use to anyone.
  if (record.config.ephemeral || record.status != SandboxStatus::active) return DebtKind::destroy;
  return asked;
}

/// Marks the record; `failed` is why the provider did not confirm, if it did not.
RecordChange ended(const Core& core,
                   const SandboxRecord& before,
                   DebtKind how,
                   const std::optional<Error>& failed) {
  auto after = before;
  after.status = SandboxStatus::shutdown;
  if (!after.shutdownAt) after.shutdownAt = core.now();
  if (how == DebtKind::destroy) after.externalSandboxId = {};
  if (before.leaseExpiresAt) {
    // Fences off whoever is still creating it: its last commit fails, and it removes what it made.
    after.leaseToken += 1;
    after.leaseOwner.clear();
    after.leaseExpiresAt.reset();
  }
  const auto reason = how == DebtKind::destroy ? EventReason::destroyed : EventReason::stopped;
  auto change = changeOf(
      core, before, std::move(after), reason, failed ? "not confirmed by the provider" : "");
  if (failed) addDebt(core, change, debtFor(core, before, how, describe(*failed)));
  return change;
}

}  // namespace

Task<SandboxRecord> endSandbox(CorePtr core, SandboxId id, DebtKind asked, CallOptions call) {
  while (true) {
    auto record = co_await loadRecord(core, id);
    if (!record) co_return record;
    const auto how = whatToDo(*record, asked);
    if (!how) co_return record;

    const auto done = co_await payDebt(core, debtFor(*core, *record, *how, ""), call);
    core->step(Step::stopAsked);
    std::optional<Error> failed;
    if (!done) failed = annotate(done.error(), *record, toString(*how));
    auto committed = co_await commitChange(core, ended(*core, *record, *how, failed), record->leaseToken);
    if (committed) {
      core->step(Step::stopCommitted);
      co_return committed;
    }
    // Somebody changed the record in between: decide again on what it says now.
    if (committed.error().code != Errc::conflict) co_return committed;
  }
}

}  // namespace mooring::detail
