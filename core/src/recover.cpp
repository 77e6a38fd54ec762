#include "recover.hpp"

#include "generation.hpp"
#include "lease.hpp"

#include <spdlog/spdlog.h>

#include <map>
#include <set>

namespace mooring::detail {
namespace {

constexpr int pageSize = 500;

/// What there is to see, and what could not be seen.
struct Look {
  RecoveryView view = {};
  std::set<std::string> silent = {};  ///< Providers that cannot be asked: nothing is concluded about what is
                                      ///< theirs.
  std::vector<Error> failures = {};
};
using LookPtr = std::shared_ptr<Look>;

void note(Look& look, Error error, const std::string& provider) {
  if (error.provider.empty()) error.provider = provider;
  error.operation = "recover";
  look.failures.push_back(std::move(error));
}

Sighting sightingOf(const std::string& provider, const Instance& instance) {
  return Sighting{
      .provider = provider,
      .provisionKey = instance.provisionKey,
      .externalSandboxId = instance.id,
      .presence = Presence::present,
      .usable = instance.state != InstanceState::failed,
  };
}

Task<std::vector<Debt>> allDebts(CorePtr core) {
  auto read = [](RecordStore& store) { return store.debts(); };
  co_return co_await withStore(core, read);
}

/// Registered providers that the database knows of, and the one that is chosen by default if it can be made.
Task<std::set<std::string>> providersToSweep(CorePtr core) {
  std::set<std::string> named;
  auto debts = co_await allDebts(core);
  if (!debts) co_return std::unexpected(std::move(debts).error());
  std::set<std::string> owing;
  for (const auto& debt : *debts)
    owing.insert(debt.provider);
  const SandboxConfig unspecified;
  const auto usual = chooseProvider(unspecified, core->parts.settings);
  const auto known = core->parts.providers.names();
  for (const auto& name : known) {
    RecordFilter filter;
    filter.provider = name;
    auto read = [filter = std::move(filter)](RecordStore& store) { return store.count(filter); };
    const auto count = co_await withStore(core, std::move(read));
    if (!count) co_return std::unexpected(count.error());
    if (*count > 0 || owing.contains(name) || (name == usual && providerNamed(*core, name)))
      named.insert(name);
  }
  co_return named;
}

Task<void> listAll(CorePtr core, LookPtr look, std::string name, CallOptions call) {
  auto provider = providerNamed(*core, name);
  if (!provider) {
    look->silent.insert(name);
    note(*look, std::move(provider).error(), name);
    co_return Result<void>();
  }
  std::string cursor;
  do {
    auto wanted = co_await stillWanted();
    if (!wanted) co_return wanted;
    auto page = co_await (*provider)->lifecycle().list(core->ownerTag, cursor, call);
    if (!page) {
      // Whoever cannot list can still be asked for one key.
      if (page.error().code == Errc::unsupported) co_return Result<void>();
      look->silent.insert(name);
      note(*look, withContext(std::move(page).error(), "listing " + name), name);
      co_return Result<void>();
    }
    for (const auto& instance : page->instances)
      look->view.listed.push_back(sightingOf(name, instance));
    cursor = std::move(page->nextCursor);
  } while (!cursor.empty());
  co_return Result<void>();
}

/// Records by id, so that one which changes status while the pages are read is there once, as it was read
/// last.
using Records = std::map<SandboxId, SandboxRecord>;
using RecordsPtr = std::shared_ptr<Records>;

Task<void> readStatus(CorePtr core, RecordsPtr into, SandboxStatus status) {
  RecordFilter filter;
  filter.status = status;
  PageRequest page;
  page.limit = pageSize;
  do {
    auto wanted = co_await stillWanted();
    if (!wanted) co_return wanted;
    auto read = [filter, page](RecordStore& store) { return store.list(filter, page); };
    auto got = co_await withStore(core, std::move(read));
    if (!got) co_return std::unexpected(std::move(got).error());
    for (auto& record : got->records) {
      if (status == SandboxStatus::active && record.config.recreate == RecreatePolicy::onDemand) continue;
      auto id = record.sandboxId;
      into->insert_or_assign(std::move(id), std::move(record));
    }
    page.cursor = std::move(got->nextCursor);
  } while (!page.cursor.empty());
  co_return Result<void>();
}

/// The record that owns what was listed, by its key or else by its external id.
Task<std::optional<SandboxRecord>> ownerOf(CorePtr core, Sighting seen) {
  auto read = [seen = std::move(seen)](RecordStore& store) -> Result<std::optional<SandboxRecord>> {
    auto found = store.findByKey(seen.provisionKey);
    if (!found || *found || seen.externalSandboxId.empty()) return found;
    return store.findByKey(seen.externalSandboxId.value);
  };
  co_return co_await withStore(core, std::move(read));
}

Task<void> readRecords(CorePtr core, LookPtr look) {
  auto records = std::make_shared<Records>();
  constexpr std::array statuses{SandboxStatus::creating, SandboxStatus::recreating, SandboxStatus::active};
  for (const auto status : statuses) {
    auto done = co_await readStatus(core, records, status);
    if (!done) co_return done;
  }
  for (const auto& debt : look->view.debts) {
    if (records->contains(debt.sandboxId)) continue;
    auto record = co_await loadRecord(core, debt.sandboxId);
    if (!record && record.error().code == Errc::notFound) continue;
    if (!record) co_return std::unexpected(std::move(record).error());
    records->emplace(debt.sandboxId, std::move(*record));
  }
  std::vector<Sighting> clear;
  for (auto& seen : look->view.listed) {
    if (seen.provisionKey.empty()) continue;
    auto owner = co_await ownerOf(core, seen);
    if (!owner && owner.error().code == Errc::conflict) {
      // Several records claim it: whose it is must be settled before anything is done to it.
      note(*look, withContext(std::move(owner).error(), "listed " + seen.provisionKey), seen.provider);
      continue;
    }
    if (!owner) co_return std::unexpected(std::move(owner).error());
    if (*owner) {
      auto id = (*owner)->sandboxId;
      records->insert_or_assign(std::move(id), std::move(**owner));
    }
    clear.push_back(std::move(seen));
  }
  look->view.listed = std::move(clear);
  for (auto& [id, record] : *records)
    look->view.records.push_back(std::move(record));
  co_return Result<void>();
}

/// Unfinished records always; an active one only where its absence would matter and no listing has shown it.
bool worthLookingUp(const SandboxRecord& record, const std::set<std::string>& listedKeys) {
  if (record.status == SandboxStatus::creating || record.status == SandboxStatus::recreating) return true;
  return record.status == SandboxStatus::active && record.config.recreate != RecreatePolicy::onDemand &&
         !listedKeys.contains(record.provisionKey);
}

Task<void> lookUp(CorePtr core, LookPtr look, CallOptions call) {
  std::set<std::string> listedKeys;
  for (const auto& seen : look->view.listed)
    listedKeys.insert(seen.provisionKey);
  for (const auto& record : look->view.records) {
    if (record.leased(look->view.now) || !worthLookingUp(record, listedKeys)) continue;
    if (look->silent.contains(record.provider)) continue;
    auto wanted = co_await stillWanted();
    if (!wanted) co_return wanted;
    auto provider = providerNamed(*core, record.provider);
    if (!provider) {
      look->silent.insert(record.provider);
      note(*look, std::move(provider).error(), record.provider);
      continue;
    }
    auto found = co_await (*provider)->lifecycle().find(record.provisionKey, call);
    if (!found) {
      note(
          *look, withContext(std::move(found).error(), "looking up " + record.provisionKey), record.provider);
      continue;
    }
    Sighting seen;
    if (*found) seen = sightingOf(record.provider, **found);
    seen.provider = record.provider;
    seen.provisionKey = record.provisionKey;
    seen.presence = *found ? Presence::present : Presence::absent;
    look->view.lookups.push_back(std::move(seen));
  }
  co_return Result<void>();
}

Task<LookPtr> lookAround(CorePtr core, CallOptions call) {
  auto look = std::make_shared<Look>();
  auto names = co_await providersToSweep(core);
  if (!names) co_return std::unexpected(std::move(names).error());
  for (const auto& name : *names) {
    auto listed = co_await listAll(core, look, name, call);
    if (!listed) co_return std::unexpected(std::move(listed).error());
  }
  // Before the records are read: a lease that ends while they are read still counts as valid.
  look->view.now = core->now();
  auto debts = co_await allDebts(core);
  if (!debts) co_return std::unexpected(std::move(debts).error());
  look->view.debts = std::move(*debts);
  auto read = co_await readRecords(core, look);
  if (!read) co_return std::unexpected(std::move(read).error());
  auto seen = co_await lookUp(core, look, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  co_return look;
}

// Carrying out. Each step looks at its record once more and gives way to whoever changed it: `false` is "not
// needed any more". What is committed is fenced by the version that the plan was made on, and takes a new
// lease token, so that a process which comes back to an interrupted creation cannot write over it.

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
  if (committed.error().code == Errc::conflict) co_return false;
  co_return std::unexpected(std::move(committed).error());
}

Task<void> removeDebt(CorePtr core, Debt debt, std::string detail) {
  SandboxEvent event;
  event.sandboxId = debt.sandboxId;
  event.at = core->now();
  event.generation = debt.generation;
  event.reason = EventReason::debtPaid;
  event.detail = std::move(detail);
  auto write = [seq = debt.seq, event = std::move(event)](RecordStore& store) mutable -> Result<void> {
    // Paying took its time: the record is what it is by now.
    auto record = store.get(event.sandboxId);
    if (!record) return std::unexpected(std::move(record).error());
    event.from = record->status;
    event.to = record->status;
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
  if (built.error().code == Errc::conflict) co_return false;
  co_return std::unexpected(std::move(built).error());
}

Task<bool> apply(CorePtr core, RecoveryStep step, Debt debt, CallOptions call) {
  switch (step.action) {
    case RecoveryAction::cancelDebt:
    case RecoveryAction::payStop:
    case RecoveryAction::payDestroy:
      co_return co_await settleDebt(core, std::move(step), std::move(debt), std::move(call));
    case RecoveryAction::destroyOrphan:
      co_return co_await destroyOrphan(core, std::move(step), std::move(call));
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

Error stepError(Error error, const RecoveryStep& step) {
  error = withContext(std::move(error), std::string(toString(step.action)) + " " + step.provisionKey);
  if (error.provider.empty()) error.provider = step.provider;
  error.operation = "recover";
  return error;
}

}  // namespace

Task<std::vector<RecoveryStep>> planRecovery(CorePtr core, CallOptions call) {
  auto look = co_await lookAround(core, std::move(call));
  if (!look) co_return std::unexpected(std::move(look).error());
  for (const auto& error : (*look)->failures)
    core->parts.log->warn("recovery cannot see error=\"{}\"", describe(error));
  co_return plan((*look)->view);
}

Task<RecoveryReport> recoverAll(CorePtr core, CallOptions call) {
  auto look = co_await lookAround(core, call);
  if (!look) co_return std::unexpected(std::move(look).error());
  std::map<std::int64_t, Debt> debts;
  for (const auto& debt : (*look)->view.debts)
    debts.emplace(debt.seq, debt);

  RecoveryReport report;
  report.failures = std::move((*look)->failures);
  const auto steps = plan((*look)->view);
  for (const auto& step : steps) {
    auto wanted = co_await stillWanted();
    if (!wanted) co_return std::unexpected(std::move(wanted).error());
    Debt debt;
    if (step.debt != 0) debt = debts[step.debt];
    auto done = co_await apply(core, step, std::move(debt), call);
    if (!done) {
      report.failures.push_back(stepError(std::move(done).error(), step));
    } else if (*done) {
      core->parts.log->info(
          "recovered action={} key={} why=\"{}\"", toString(step.action), step.provisionKey, step.why);
      report.steps.push_back(step);
    }
  }
  for (const auto& error : report.failures)
    core->parts.log->warn("not recovered error=\"{}\"", describe(error));
  co_return report;
}

}  // namespace mooring::detail
