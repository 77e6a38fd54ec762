#include "connect.hpp"

#include "generation.hpp"

#include <algorithm>

namespace mooring::detail {
namespace {

ConnectionOutcome outcome(OutcomeKind kind,
                          SandboxRecord record,
                          std::optional<Error> reason = std::nullopt) {
  return ConnectionOutcome{.kind = kind, .record = std::move(record), .reason = std::move(reason)};
}

ConnectionOutcome afterBuild(Result<SandboxRecord> built, SandboxRecord before) {
  if (built) return outcome(OutcomeKind::recreated, std::move(*built));
  return outcome(OutcomeKind::unreachable, std::move(before), std::move(built).error());
}

/// Proven gone, and policy forbids another: the record says so.
Task<ConnectionOutcome> markGone(CorePtr core, SandboxRecord record, Error reason) {
  auto after = record;
  after.status = SandboxStatus::shutdown;
  after.externalSandboxId = {};
  after.shutdownAt = core->now();
  auto change = changeOf(*core, record, std::move(after), EventReason::foundGone, reason.message);
  auto committed = co_await commitChange(core, std::move(change), record.leaseToken);
  if (!committed) co_return std::unexpected(std::move(committed).error());
  co_return outcome(OutcomeKind::gone, std::move(*committed), std::move(reason));
}

/// Nothing when the record changed underneath: look again.
using MaybeOutcome = std::optional<ConnectionOutcome>;

Task<MaybeOutcome> rebuild(CorePtr core,
                           SandboxRecord record,
                           EventReason why,
                           std::string detail,
                           bool destroyOld,
                           CallOptions call) {
  auto built = co_await recreateFrom(core, record, why, std::move(detail), destroyOld, std::move(call));
  if (!built && lostRace(built.error())) co_return MaybeOutcome();
  co_return MaybeOutcome(afterBuild(std::move(built), std::move(record)));
}

Task<MaybeOutcome> connectActive(CorePtr core, SandboxRecord record, CallOptions call) {
  auto provider = providerNamed(*core, record.provider);
  if (!provider)
    co_return MaybeOutcome(outcome(OutcomeKind::unreachable, record, std::move(provider).error()));
  auto attached = co_await (*provider)->lifecycle().attach(instanceOf(record), call);
  if (attached) {
    const auto kind = attached->woken ? OutcomeKind::resumed : OutcomeKind::attached;
    if (!attached->woken && !factsDiffer(record, attached->instance))
      co_return MaybeOutcome(outcome(kind, record));
    auto after = record;
    takeFacts(after, attached->instance);
    after.lastUsedAt = core->now();
    auto change = changeOf(*core,
                           record,
                           std::move(after),
                           EventReason::resumed,
                           attached->woken ? "it was stopped" : "its connection changed");
    auto committed = co_await commitChange(core, std::move(change), record.leaseToken);
    if (committed) co_return MaybeOutcome(outcome(kind, std::move(*committed)));
    if (lostRace(committed.error())) co_return MaybeOutcome();
    co_return std::unexpected(std::move(committed).error());
  }
  auto error = annotate(std::move(attached).error(), record, "connect");
  if (error.code != Errc::gone)
    co_return MaybeOutcome(outcome(OutcomeKind::unreachable, record, std::move(error)));
  if (record.config.recreate != RecreatePolicy::never) {
    // Gone can also mean beyond use: one more request makes sure that nothing of it is left.
    co_return co_await rebuild(
        core, std::move(record), EventReason::foundGone, error.message, true, std::move(call));
  }
  auto marked = co_await markGone(core, std::move(record), std::move(error));
  if (!marked && lostRace(marked.error())) co_return MaybeOutcome();
  if (!marked) co_return std::unexpected(std::move(marked).error());
  co_return MaybeOutcome(std::move(*marked));
}

Task<MaybeOutcome> connectUnfinished(CorePtr core, SandboxRecord record, CallOptions call) {
  const auto since = core->now();
  if (record.leased(since)) {
    auto waited = co_await waitForLease(core, record);
    if (!waited) co_return std::unexpected(std::move(waited).error());
    if (waited->status == SandboxStatus::active) {
      co_return MaybeOutcome(outcome(OutcomeKind::recreated, std::move(*waited)));
    }
    if (waited->error && waited->error->at >= since && waited->status != SandboxStatus::shutdown) {
      // The one attempt that was made is everybody's answer: N waiters do not make N more.
      auto reason = annotate(makeError(waited->error->code, waited->error->message), *waited, "connect");
      co_return MaybeOutcome(outcome(OutcomeKind::unreachable, std::move(*waited), std::move(reason)));
    }
    co_return MaybeOutcome();
  }
  auto built = co_await takeOver(core, record, std::move(call));
  if (!built && lostRace(built.error())) co_return MaybeOutcome();
  co_return MaybeOutcome(afterBuild(std::move(built), std::move(record)));
}

Task<MaybeOutcome> connectFailed(CorePtr core, SandboxRecord record, CallOptions call) {
  if (record.config.recreate == RecreatePolicy::never) {
    auto reason = makeError(Errc::gone,
                            "its creation failed and its recreate policy is never" +
                                (record.error ? ": " + record.error->message : std::string()));
    co_return MaybeOutcome(
        outcome(OutcomeKind::gone, record, annotate(std::move(reason), record, "connect")));
  }
  const bool mayStand = !record.externalSandboxId.empty();
  co_return co_await rebuild(core,
                             std::move(record),
                             EventReason::recreateStarted,
                             "after a failed creation",
                             mayStand,
                             std::move(call));
}

ConnectionOutcome shutDown(SandboxRecord record) {
  const auto when = record.shutdownAt ? " at " + toString(*record.shutdownAt) : std::string();
  auto reason = makeError(Errc::gone,
                          "it was shut down" + when +
                              "; resume() brings back what is left of it, recreate() "
                              "makes a new generation");
  reason = annotate(std::move(reason), record, "connect");
  return outcome(OutcomeKind::gone, std::move(record), std::move(reason));
}

}  // namespace

Task<SandboxRecord> waitForLease(CorePtr core, SandboxRecord record) {
  std::chrono::milliseconds delay(10);
  while (record.leased(core->now())) {
    const auto waited = co_await pause(delay);
    if (!waited) co_return std::unexpected(waited.error());
    delay = std::min(delay * 2, std::chrono::milliseconds(250));
    auto fresh = co_await loadRecord(core, record.sandboxId);
    if (!fresh) co_return fresh;
    record = std::move(*fresh);
  }
  co_return record;
}

Task<ConnectionOutcome> connectSandbox(CorePtr core, SandboxId id, CallOptions call) {
  while (true) {
    auto wanted = co_await stillWanted();
    if (!wanted) co_return std::unexpected(std::move(wanted).error());
    auto record = co_await loadRecord(core, id);
    if (!record) co_return std::unexpected(std::move(record).error());
    Result<MaybeOutcome> step;
    switch (record->status) {
      case SandboxStatus::active:
        step = co_await connectActive(core, std::move(*record), call);
        break;
      case SandboxStatus::creating:
      case SandboxStatus::recreating:
        step = co_await connectUnfinished(core, std::move(*record), call);
        break;
      case SandboxStatus::error:
        step = co_await connectFailed(core, std::move(*record), call);
        break;
      case SandboxStatus::shutdown:
        co_return shutDown(std::move(*record));
    }
    if (!step) co_return std::unexpected(std::move(step).error());
    if (*step) co_return std::move(**step);
  }
}

Task<ConnectionOutcome> resumeSandbox(CorePtr core, SandboxId id, CallOptions call) {
  auto record = co_await loadRecord(core, id);
  if (!record) co_return std::unexpected(std::move(record).error());
  if (record->status != SandboxStatus::shutdown)
    co_return co_await connectSandbox(core, std::move(id), std::move(call));
  if (record->externalSandboxId.empty()) {
    auto reason = makeError(Errc::gone, "nothing is left of it to resume; recreate() makes a new generation");
    co_return outcome(OutcomeKind::gone, *record, annotate(std::move(reason), *record, "resume"));
  }
  auto provider = providerNamed(*core, record->provider);
  if (!provider) co_return outcome(OutcomeKind::unreachable, *record, std::move(provider).error());
  auto attached = co_await (*provider)->lifecycle().attach(instanceOf(*record), call);
  if (!attached) {
    const auto kind = attached.error().code == Errc::gone ? OutcomeKind::gone : OutcomeKind::unreachable;
    co_return outcome(kind, *record, annotate(std::move(attached).error(), *record, "resume"));
  }
  auto after = *record;
  takeFacts(after, attached->instance);
  after.status = SandboxStatus::active;
  after.shutdownAt.reset();
  after.lastUsedAt = core->now();
  auto change = changeOf(*core, *record, std::move(after), EventReason::resumed);
  // A stop that is still owed would undo this.
  auto read = [](RecordStore& store) { return store.debts(); };
  auto debts = co_await withStore(core, read);
  if (!debts) co_return std::unexpected(std::move(debts).error());
  for (const auto& debt : *debts) {
    if (debt.sandboxId == id && debt.provisionKey == record->provisionKey) change.paid.push_back(debt.seq);
  }
  auto committed = co_await commitChange(core, std::move(change), record->leaseToken);
  if (!committed) co_return std::unexpected(std::move(committed).error());
  co_return outcome(OutcomeKind::resumed, std::move(*committed));
}

Task<SandboxRecord> recreateSandbox(CorePtr core, SandboxId id, CallOptions call) {
  auto record = co_await loadRecord(core, std::move(id));
  if (!record) co_return record;
  if (record->leased(core->now())) {
    co_return failure(Errc::conflict,
                      "it is being created by " + record->leaseOwner + " just now; connect() waits for that");
  }
  const bool mayStand = record->status != SandboxStatus::shutdown || !record->externalSandboxId.empty();
  co_return co_await recreateFrom(
      core, std::move(*record), EventReason::recreateStarted, "asked for", mayStand, std::move(call));
}

}  // namespace mooring::detail
