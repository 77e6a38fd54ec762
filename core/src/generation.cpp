#include "generation.hpp"

#include "environment.hpp"
#include "lease.hpp"
#include "setup.hpp"

#include <spdlog/spdlog.h>

namespace mooring::detail {
namespace {

/// Whether a provision that failed so may still have made something.
bool mayHaveHappened(Errc code) {
  return code == Errc::outcomeUnknown || code == Errc::cancelled || code == Errc::deadlineExceeded;
}

enum class Certainty { settled, unknown };

/// Puts a failure on a record. A recreation stays open for the next call when the reason is a blip, an
/// account limit, a key that this process lacks or the caller's own limit: none of them makes the sandbox
/// dead for good.
void takeFailure(const Core& core, SandboxRecord& record, const Error& error, Certainty certainty) {
  const bool passing = error.retryable() || error.code == Errc::unauthenticated ||
                       error.code == Errc::permissionDenied || error.code == Errc::cancelled;
  const bool open = certainty == Certainty::unknown ||
                    (record.status == SandboxStatus::recreating && passing);
  if (!open) record.status = SandboxStatus::error;
  record.error = RecordError{.code = error.code, .message = error.message, .at = core.now()};
  dropLease(record);
}

bool isFirst(const SandboxRecord& record) { return record.status == SandboxStatus::creating; }

/// Commits a failure. That it could not be recorded must not hide the failure itself.
Task<void> recordFailure(CorePtr core, SandboxRecord before, RecordChange change) {
  const auto committed = co_await commitChange(core, std::move(change), before.leaseToken);
  if (!committed) {
    core->parts.log->warn("failure not recorded sandboxId={} error=\"{}\"",
                          before.sandboxId.value,
                          describe(committed.error()));
  }
  co_return Result<void>();
}

/// What the caller of a failed creation is told.
Error creationError(Error error, const SandboxRecord& record) {
  error = annotate(std::move(error), record, "create");
  error.message += " (sandboxId " + record.sandboxId.value + ")";
  return error;
}

struct Payment {
  std::vector<Debt> paid = {};
  std::vector<std::pair<Debt, std::string>> unpaid = {};  ///< With the reason.
};

Task<Payment> payFirst(CorePtr core, std::vector<Debt> owed, CallOptions call) {
  Payment out;
  for (const auto& debt : owed) {
    const auto done = co_await payDebt(core, debt, call);
    if (done) {
      out.paid.push_back(debt);
      continue;
    }
    auto why = describe(done.error());
    core->parts.log->warn(
        "debt not paid kind={} key={} error=\"{}\"", toString(debt.kind), debt.provisionKey, why);
    out.unpaid.emplace_back(debt, std::move(why));
  }
  co_return out;
}

void tell(const Core& core, RecordChange& change, const Debt& debt, EventReason reason, std::string why) {
  auto what = std::string(toString(debt.kind)) + " " + debt.provisionKey + std::move(why);
  auto told = changeOf(core, change.record, change.record, reason, std::move(what));
  told.events.front().generation = debt.generation;
  change.events.push_back(std::move(told.events.front()));
}

/// What was settled on the way goes into the commit that ends a creation.
void takePayment(const Core& core, RecordChange& change, const Payment& payment) {
  for (const auto& debt : payment.paid) {
    change.paid.push_back(debt.seq);
    tell(core, change, debt, EventReason::debtPaid, "");
  }
  for (const auto& [debt, why] : payment.unpaid)
    tell(core, change, debt, EventReason::debtIncurred, ": " + why);
}

/// Provisioning failed: the record says so, and how sure that is.
Task<SandboxRecord> provisionFailed(CorePtr core, SandboxRecord record, Payment payment, Error error) {
  error.message = redacted(*core, record.config, std::move(error.message));
  auto after = record;
  const auto certainty = mayHaveHappened(error.code) ? Certainty::unknown : Certainty::settled;
  takeFailure(*core, after, error, certainty);
  const auto reason = certainty == Certainty::unknown ? EventReason::outcomeUnknown
                                                      : EventReason::provisionFailed;
  auto change = changeOf(*core, record, std::move(after), reason, error.message);
  takePayment(*core, change, payment);
  co_await recordFailure(core, record, std::move(change));
  co_return std::unexpected(creationError(std::move(error), record));
}

/// The setup failed: nothing of this generation is kept.
Task<SandboxRecord> setupFailed(CorePtr core,
                                std::shared_ptr<Provider> provider,
                                SandboxRecord record,
                                Instance instance,
                                Payment payment,
                                Error error) {
  error.message = redacted(*core, record.config, std::move(error.message));
  const CallOptions unlimited;  // What was made is removed, also when the call's own limits ended the setup.
  const auto destroyed = co_await provider->lifecycle().destroy(instance, unlimited);
  auto after = record;
  takeFailure(*core, after, error, Certainty::settled);
  auto change = changeOf(*core, record, after, EventReason::setupFailed, error.message);
  if (!destroyed) {
    takeFacts(after, instance);
    addDebt(*core, change, debtFor(*core, after, DebtKind::destroy, describe(destroyed.error())));
  }
  takePayment(*core, change, payment);
  co_await recordFailure(core, record, std::move(change));
  co_return std::unexpected(creationError(std::move(error), record));
}

/// Our lease was taken over: what we made is ours to remove, unless the record owns it by now.
Task<void> abandon(CorePtr core,
                   std::shared_ptr<Provider> provider,
                   SandboxRecord record,
                   Instance instance) {
  const auto current = co_await loadRecord(core, record.sandboxId);
  if (!current) co_return std::unexpected(current.error());  // Its owner tag lets recover() find it.
  const bool ended = current->status == SandboxStatus::shutdown || current->status == SandboxStatus::error;
  if (current->provisionKey == record.provisionKey && !ended) co_return Result<void>();
  const CallOptions unlimited;
  co_return co_await provider->lifecycle().destroy(std::move(instance), unlimited);
}

std::string interruptedBy(const SandboxRecord& record) {
  return record.leaseOwner.empty() ? "nobody was at it any more" : "from " + record.leaseOwner;
}

/// The debts that the store holds for one sandbox: their seq is needed to say that they are paid.
Task<std::vector<Debt>> debtsOf(CorePtr core, SandboxId id) {
  auto read = [](RecordStore& store) { return store.debts(); };
  auto all = co_await withStore(core, read);
  if (!all) co_return std::unexpected(std::move(all).error());
  std::erase_if(*all, [&id](const Debt& debt) { return debt.sandboxId != id; });
  co_return all;
}

/// Commits `next` (recreating, a new generation, leased to us) and builds it.
Task<SandboxRecord> beginGeneration(CorePtr core,
                                    SandboxRecord before,
                                    SandboxRecord next,
                                    EventReason why,
                                    std::string detail,
                                    bool destroyOld,
                                    CallOptions call) {
  // A process that could not carry it out (no key, no secret) must not put its mark on the record.
  if (auto able = checkConfig(*core, before.config, before.provider); !able) {
    co_return std::unexpected(annotate(std::move(able).error(), before, "recreate"));
  }
  next.generation = before.generation + 1;
  next.provisionKey = provisionKeyFor(next.sandboxId, next.generation);
  next.status = before.status == SandboxStatus::creating ? SandboxStatus::creating
                                                         : SandboxStatus::recreating;
  next.externalSandboxId = {};
  next.sandboxUrl.clear();
  next.connection.clear();
  next.error.reset();
  next.shutdownAt.reset();
  takeLease(*core, next);
  auto change = changeOf(*core, before, std::move(next), why, std::move(detail));
  change.events.back().generation = before.generation;  // What is told happened to the one before.
  // Owed from the same commit on, so that a crash right after it leaks nothing; paid before the new one is
  // made.
  if (destroyOld)
    change.incurred.push_back(debtFor(*core, before, DebtKind::destroy, "replaced by a new generation"));
  auto committed = co_await commitChange(core, std::move(change), before.leaseToken);
  if (!committed) co_return committed;
  std::vector<Debt> owed;
  if (destroyOld) {
    auto debts = co_await debtsOf(core, before.sandboxId);
    if (debts) owed = std::move(*debts);
  }
  co_return co_await buildGeneration(core, std::move(*committed), std::move(owed), std::move(call));
}

}  // namespace

Debt debtFor(const Core& core, const SandboxRecord& record, DebtKind kind, std::string why) {
  return Debt{
      .sandboxId = record.sandboxId,
      .kind = kind,
      .provider = record.provider,
      .provisionKey = record.provisionKey,
      .externalSandboxId = record.externalSandboxId,
      .generation = record.generation,
      .lastError = std::move(why),
      .createdAt = core.now(),
  };
}

Task<void> payDebt(CorePtr core, Debt debt, CallOptions call) {
  auto provider = providerNamed(*core, debt.provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  Instance instance;
  instance.id = debt.externalSandboxId;
  instance.provisionKey = debt.provisionKey;
  Result<void> done;
  if (debt.kind == DebtKind::stop) {
    done = co_await (*provider)->lifecycle().stop(std::move(instance), std::move(call));
  } else {
    done = co_await (*provider)->lifecycle().destroy(std::move(instance), std::move(call));
  }
  if (!done && done.error().code == Errc::gone) co_return Result<void>();
  co_return done;
}

Result<std::shared_ptr<Provider>> checkConfig(Core& core,
                                              const SandboxConfig& config,
                                              const std::string& name) {
  if (auto valid = validate(config); !valid) return std::unexpected(std::move(valid).error());
  auto provider = providerNamed(core, name);
  if (!provider) return provider;
  const auto& table = (*provider)->capabilities();
  for (const auto need : config.needs) {
    const auto found = table.find(need);
    if (found == table.end() || found->second.support == Support::unsupported) {
      const std::string why = found == table.end() || found->second.note.empty() ? ""
                                                                                 : ": " + found->second.note;
      return failure(Errc::unsupported,
                     "provider " + name + " does not offer " + std::string(toString(need)) +
                         ", which the config needs" + why);
    }
  }
  if (auto valid = (*provider)->validate(config); !valid) return std::unexpected(std::move(valid).error());
  if (auto env = fullEnvironment(core, config, {}); !env) return std::unexpected(std::move(env).error());
  return provider;
}

Task<SandboxRecord> buildGeneration(CorePtr core,
                                    SandboxRecord record,
                                    std::vector<Debt> owed,
                                    CallOptions call) {
  const bool first = isFirst(record);
  core->step(first ? Step::createIntentCommitted : Step::recreateIntentCommitted);
  const LeaseKeeper keeper(core, record);
  auto provider = providerNamed(*core, record.provider);
  if (!provider) {
    Payment nonePaid;
    co_return co_await provisionFailed(core, record, std::move(nonePaid), std::move(provider).error());
  }

  auto payment = co_await payFirst(core, std::move(owed), call);
  if (!first) core->step(Step::recreateOldDestroyed);

  ProvisionRequest request;
  request.provisionKey = record.provisionKey;
  request.ownerTag = core->ownerTag;
  request.config = record.config;
  request.timeout = record.timeout;
  auto instance = co_await (*provider)->lifecycle().provision(std::move(request), call);
  if (!instance)
    co_return co_await provisionFailed(core, record, std::move(*payment), std::move(instance).error());
  core->step(first ? Step::createProvisioned : Step::recreateProvisioned);

  auto ready = co_await runSetup(core, *provider, *instance, record.config, call);
  if (!ready) {
    co_return co_await setupFailed(
        core, *provider, record, *instance, std::move(*payment), std::move(ready).error());
  }
  core->step(first ? Step::createSetupDone : Step::recreateSetupDone);

  auto after = record;
  takeFacts(after, *instance);
  dropLease(after);
  after.status = SandboxStatus::active;
  after.error.reset();
  after.lastUsedAt = core->now();
  const auto reason = first ? EventReason::provisioned : EventReason::recreated;
  auto change = changeOf(*core, record, std::move(after), reason, instance->id.value);
  takePayment(*core, change, *payment);
  auto committed = co_await commitChange(core, std::move(change), record.leaseToken);
  if (!committed && lostRace(committed.error())) {
    const auto removed = co_await abandon(core, *provider, record, *instance);
    if (!removed)
      core->parts.log->warn(
          "fenced off, not removed key={} error=\"{}\"", record.provisionKey, describe(removed.error()));
    co_return committed;
  }
  if (committed) core->step(first ? Step::createCommitted : Step::recreateCommitted);
  co_return committed;
}

Task<SandboxRecord> recreateFrom(CorePtr core,
                                 SandboxRecord record,
                                 EventReason why,
                                 std::string detail,
                                 bool destroyOld,
                                 CallOptions call) {
  auto next = record;
  co_return co_await beginGeneration(
      core, std::move(record), std::move(next), why, std::move(detail), destroyOld, std::move(call));
}

Task<SandboxRecord> takeOver(CorePtr core, SandboxRecord record, CallOptions call) {
  const auto why = EventReason::leaseTakenOver;
  if (!record.config.setup.empty()) {
    // Its setup may have run in part: only a fresh generation is known to be clean.
    auto next = record;
    auto detail = interruptedBy(record);
    co_return co_await beginGeneration(
        core, std::move(record), std::move(next), why, std::move(detail), true, std::move(call));
  }
  if (auto able = checkConfig(*core, record.config, record.provider); !able) {
    co_return std::unexpected(annotate(std::move(able).error(), record, "connect"));
  }
  auto next = record;
  takeLease(*core, next);
  auto change = changeOf(*core, record, std::move(next), why, interruptedBy(record));
  auto committed = co_await commitChange(core, std::move(change), record.leaseToken);
  if (!committed) co_return committed;
  std::vector<Debt> nothingOwed;
  co_return co_await buildGeneration(core, std::move(*committed), std::move(nothingOwed), std::move(call));
}

}  // namespace mooring::detail
