#include "recovery_steps.hpp"

#include "generation.hpp"
#include "lease.hpp"
#include "recover.hpp"
#include "recovery_look.hpp"
#include "started.hpp"

namespace mooring::detail {
namespace {

/// The step's record, if it still stands as it was planned on and nobody works on it.
Task<std::optional<SandboxRecord>> recordAsPlanned(CorePtr core, RecoveryStep step) {
  auto record = co_await loadRecord(core, step.sandboxId);
  if (!record) co_return std::unexpected(std::move(record).error());
  std::optional<SandboxRecord> same;
  if (record->version == step.recordVersion && !record->leased(core->now())) same = std::move(*record);
  co_return same;
}

/// `true` when it was committed, `false` when somebody else was faster.
Task<bool> commitFenced(CorePtr core, RecordChange change, std::int64_t fencingToken) {
  change.record.leaseToken = fencingToken + 1;
  auto committed = co_await commitChange(core, std::move(change), fencingToken);
  if (committed) co_return true;
  if (lostRace(committed.error())) co_return false;
  co_return std::unexpected(std::move(committed).error());
}

Task<void> removeDebt(CorePtr core, Debt debt, std::string detail) {
  SandboxEvent event;
  event.sandboxId = debt.sandboxId;
  event.at = core->now();
  event.generation = debt.generation;
  event.reason = EventReason::debtPaid;
  event.detail = std::move(detail);
  auto write = [seq = debt.seq, event = std::move(event)](RecordStore& store) {
    return store.debtPaid(seq, event);
  };
  co_return co_await withStore(core, std::move(write));
}

/// Asks the provider once more. What it says again is kept with the debt.
Task<bool> payNow(CorePtr core, Debt debt, CallOptions call) {
  auto done = co_await payDebt(core, debt, std::move(call));
  if (done) {
    auto removed = co_await removeDebt(
        core, debt, std::string(toString(debt.kind)) + " " + debt.provisionKey);
    if (!removed) co_return std::unexpected(std::move(removed).error());
    co_return true;
  }
  auto write = [seq = debt.seq, why = describe(done.error())](RecordStore& store) {
    return store.debtFailed(seq, why);
  };
  const auto kept = co_await withStore(core, std::move(write));
  if (!kept && kept.error().code == Errc::notFound) co_return false;  // Somebody else has paid it.
  co_return std::unexpected(std::move(done).error());
}

/// A stop may be overtaken by a resume between this look and the provider's answer; the sandbox then sleeps
/// and the next call wakes it. A destroy cannot: nothing brings its key back.
Task<bool> settleDebt(CorePtr core, RecoveryStep step, Debt debt, CallOptions call) {
  auto record = co_await loadRecord(core, debt.sandboxId);
  if (!record) co_return std::unexpected(std::move(record).error());
  const bool inUse = inUseAgain(*record, debt);
  if (step.action == RecoveryAction::cancelDebt) {
    if (!inUse || record->version != step.recordVersion) co_return false;
    auto removed = co_await removeDebt(core, debt, "no longer owed: it is in use again");
    if (!removed) co_return std::unexpected(std::move(removed).error());
    co_return true;
  }
  if (inUse) co_return false;
  co_return co_await payNow(core, std::move(debt), std::move(call));
}

Task<bool> destroyOrphan(CorePtr core, RecoveryStep step, CallOptions call) {
  Sighting seen;
  seen.provider = step.provider;
  seen.provisionKey = step.provisionKey;
  seen.externalSandboxId = step.externalSandboxId;
  auto owner = co_await ownerOf(core, seen);
  if (!owner) co_return std::unexpected(std::move(owner).error());
  if (*owner && ((*owner)->leased(core->now()) || ownsSighting(**owner, seen))) co_return false;
  auto provider = providerNamed(*core, step.provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  Instance instance;
  instance.id = step.externalSandboxId;
  instance.provisionKey = step.provisionKey;
  auto done = co_await (*provider)->lifecycle().destroy(std::move(instance), std::move(call));
  if (!done && done.error().code != Errc::gone) co_return std::unexpected(std::move(done).error());
  co_return true;
}

Task<bool> adopt(CorePtr core, RecoveryStep step, CallOptions call) {
  auto record = co_await recordAsPlanned(core, step);
  if (!record) co_return std::unexpected(std::move(record).error());
  if (!*record) co_return false;
  auto provider = providerNamed(*core, step.provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  auto found = co_await (*provider)->lifecycle().find(step.provisionKey, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!*found) co_return false;
  auto attached = co_await (*provider)->lifecycle().attach(**found, std::move(call));
  if (!attached) co_return std::unexpected(std::move(attached).error());

  auto after = **record;
  takeFacts(after, attached->instance);
  dropLease(after);
  after.status = SandboxStatus::active;
  after.error.reset();
  after.lastUsedAt = core->now();
  auto change = changeOf(
      *core, **record, std::move(after), EventReason::adopted, attached->instance.id.value);
  co_return co_await commitFenced(core, std::move(change), (*record)->leaseToken);
}

/// Owed in the same commit that gives the creation up, so that a crash right after it leaks nothing.
Task<bool> payRest(CorePtr core, RecoveryStep step, CallOptions call) {
  auto debts = co_await allDebts(core);
  if (!debts) co_return std::unexpected(std::move(debts).error());
  for (const auto& debt : *debts) {
    if (debt.provider != step.provider || debt.provisionKey != step.provisionKey) continue;
    auto paid = co_await payNow(core, debt, call);
    if (!paid) co_return paid;
  }
  co_return true;
}

/// What callers are told from now on. An attempt that failed without ending the creation knew more.
RecordError interruption(const Core& core, const SandboxRecord& record) {
  RecordError error{.code = Errc::cancelled, .message = "its creation was interrupted", .at = core.now()};
  if (record.error) {
    error.code = record.error->code;
    error.message += "; before that: " + record.error->message;
  }
  return error;
}

Task<bool> markError(CorePtr core, RecoveryStep step, CallOptions call) {
  auto record = co_await recordAsPlanned(core, step);
  if (!record) co_return std::unexpected(std::move(record).error());
  if (!*record) co_return false;
  auto after = **record;
  dropLease(after);
  after.status = SandboxStatus::error;
  after.externalSandboxId = {};
  after.sandboxUrl.clear();
  after.connection.clear();
  after.error = interruption(*core, **record);
  auto change = changeOf(*core, **record, std::move(after), EventReason::provisionFailed, step.why);
  const bool stands = !step.externalSandboxId.empty();
  if (stands) {
    auto debt = debtFor(*core, **record, DebtKind::destroy, "left by an interrupted creation");
    debt.externalSandboxId = step.externalSandboxId;
    addDebt(*core, change, std::move(debt));
  }
  auto committed = co_await commitFenced(core, std::move(change), (*record)->leaseToken);
  if (!committed || !*committed || !stands) co_return committed;
  co_return co_await payRest(core, std::move(step), std::move(call));
}

/// Whether its record says that a started command runs. Each such command is asked for its end, which is a
/// use of the sandbox: so a limit on idleness starts anew, once more for one that has ended meanwhile.
Task<bool> hasCommands(CorePtr core, SandboxRecord record, CallOptions call) {
  auto read = [id = record.sandboxId](RecordStore& store) { return store.listCommands(id); };
  auto all = co_await withStore(core, std::move(read));
  if (!all) co_return std::unexpected(std::move(all).error());
  bool any = false;
  for (const auto& command : *all) {
    if (command.generation != record.generation || hasEnded(command.status)) continue;
    auto now = co_await commandStatus(core, command.commandId, call);
    if (!now) co_return std::unexpected(std::move(now).error());
    any = true;
  }
  co_return any;
}

/// Stopped first, recorded after: a crash in between repeats a stop, and a stop may be repeated.
Task<bool> expire(CorePtr core, RecoveryStep step, CallOptions call) {
  auto record = co_await recordAsPlanned(core, step);
  if (!record) co_return std::unexpected(std::move(record).error());
  if (!*record) co_return false;
  auto provider = providerNamed(*core, step.provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  // Use leaves the version as it is.
  auto expiry = co_await expiryOf(core, **record, ownLimitsOf(**provider));
  if (!expiry) co_return std::unexpected(std::move(expiry).error());
  if (!*expiry || (*expiry)->at > core->now()) co_return false;
  if ((*expiry)->limit == TimeLimit::idleTimeout) {
    auto busy = co_await hasCommands(core, **record, call);
    if (!busy) co_return std::unexpected(std::move(busy).error());
    if (*busy) co_return false;
  }
  auto stopped = co_await (*provider)->lifecycle().stop(instanceOf(**record), std::move(call));
  if (!stopped && stopped.error().code != Errc::gone) co_return std::unexpected(std::move(stopped).error());
  auto change = changeOf(*core, **record, **record, EventReason::expired, step.why);
  co_return co_await commitFenced(core, std::move(change), (*record)->leaseToken);
}

Task<bool> markGone(CorePtr core, RecoveryStep step) {
  auto record = co_await recordAsPlanned(core, step);
  if (!record) co_return std::unexpected(std::move(record).error());
  if (!*record) co_return false;
  auto after = **record;
  after.status = SandboxStatus::shutdown;
  after.externalSandboxId = {};
  after.shutdownAt = core->now();
  auto change = changeOf(*core, **record, std::move(after), EventReason::foundGone, step.why);
  co_return co_await commitFenced(core, std::move(change), (*record)->leaseToken);
}

Task<bool> rebuild(CorePtr core, RecoveryStep step, CallOptions call) {
  auto planned = co_await recordAsPlanned(core, step);
  if (!planned) co_return std::unexpected(std::move(planned).error());
  if (!*planned) co_return false;
  auto record = std::move(**planned);
  Result<SandboxRecord> built;
  if (record.status == SandboxStatus::active) {
    constexpr bool destroyOld = false;
    built = co_await recreateFrom(
        core, std::move(record), EventReason::foundGone, step.why, destroyOld, std::move(call));
  } else if (record.config.setup.empty() && !step.externalSandboxId.empty()) {
    // Its key would only lead back to what does not work.
    constexpr bool destroyOld = true;
    built = co_await recreateFrom(
        core, std::move(record), EventReason::leaseTakenOver, step.why, destroyOld, std::move(call));
  } else {
    built = co_await takeOver(core, std::move(record), std::move(call));
  }
  if (built) co_return true;
  if (lostRace(built.error())) co_return false;
  co_return std::unexpected(std::move(built).error());
}

}  // namespace

Task<bool> applyRecovery(CorePtr core, RecoveryStep step, Debt debt, CallOptions call) {
  switch (step.action) {
    case RecoveryAction::cancelDebt:
    case RecoveryAction::payStop:
    case RecoveryAction::payDestroy:
      co_return co_await settleDebt(core, std::move(step), std::move(debt), std::move(call));
    case RecoveryAction::destroyOrphan:
      co_return co_await destroyOrphan(core, std::move(step), std::move(call));
    case RecoveryAction::expire:
      co_return co_await expire(core, std::move(step), std::move(call));
    case RecoveryAction::adopt:
      co_return co_await adopt(core, std::move(step), std::move(call));
    case RecoveryAction::markError:
      co_return co_await markError(core, std::move(step), std::move(call));
    case RecoveryAction::markGone:
      co_return co_await markGone(core, std::move(step));
    case RecoveryAction::rebuild:
      co_return co_await rebuild(core, std::move(step), std::move(call));
  }
  co_return failure(Errc::internal, "a recovery step without an action");
}

}  // namespace mooring::detail
