#include "recovery_look.hpp"

#include <algorithm>
#include <map>

namespace mooring::detail {
namespace {

constexpr int pageSize = 500;

using Look = RecoveryLook;
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

/// The events that a lifetime is counted from.
bool startsLifetime(EventReason reason) {
  return reason == EventReason::provisioned || reason == EventReason::recreated ||
         reason == EventReason::adopted || reason == EventReason::resumed || reason == EventReason::extended;
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
  look->ownLimits[name] = ownLimitsOf(**provider);
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

/// Those of the limits that its record sets.
OwnLimits limitsOn(const SandboxRecord& record, OwnLimits limits) {
  limits.lifetime = limits.lifetime && record.timeout.count() > 0;
  limits.idleTimeout = limits.idleTimeout && record.config.idleTimeout.count() > 0;
  return limits;
}

/// Whether it is for mooring to end the sandbox of the record some time.
bool endsByOurs(const SandboxRecord& record, const std::map<std::string, OwnLimits>& all) {
  const auto found = all.find(record.provider);
  if (found == all.end() || record.status != SandboxStatus::active) return false;
  const auto limits = limitsOn(record, found->second);
  return limits.lifetime || limits.idleTimeout;
}

/// Active ones of a policy that waits for a call are of interest only where they can expire.
bool ofInterest(const SandboxRecord& record, const std::map<std::string, OwnLimits>& all) {
  return record.status != SandboxStatus::active || record.config.recreate != RecreatePolicy::onDemand ||
         endsByOurs(record, all);
}

Task<void> readStatus(CorePtr core, LookPtr look, RecordsPtr into, SandboxStatus status) {
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
      if (!ofInterest(record, look->ownLimits)) continue;
      auto id = record.sandboxId;
      into->insert_or_assign(std::move(id), std::move(record));
    }
    page.cursor = std::move(got->nextCursor);
  } while (!page.cursor.empty());
  co_return Result<void>();
}

Task<void> readRecords(CorePtr core, LookPtr look) {
  auto records = std::make_shared<Records>();
  constexpr std::array statuses{SandboxStatus::creating, SandboxStatus::recreating, SandboxStatus::active};
  for (const auto status : statuses) {
    auto done = co_await readStatus(core, look, records, status);
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

/// When it was started or extended last. Nothing when it has expired since.
Task<std::optional<Timestamp>> lastStart(CorePtr core, SandboxId id) {
  std::optional<Timestamp> start;
  std::int64_t after = 0;
  while (true) {
    auto read = [id, after](RecordStore& store) { return store.events(id, after, pageSize); };
    auto events = co_await withStore(core, std::move(read));
    if (!events) co_return std::unexpected(std::move(events).error());
    for (const auto& event : *events) {
      after = event.seq;
      if (startsLifetime(event.reason)) start = event.at;
      if (event.reason == EventReason::expired) start.reset();
    }
    if (events->size() < pageSize) co_return start;
  }
}

Task<void> readExpiries(CorePtr core, LookPtr look) {
  for (const auto& record : look->view.records) {
    if (!endsByOurs(record, look->ownLimits)) continue;
    auto expiry = co_await expiryOf(core, record, look->ownLimits.at(record.provider));
    if (!expiry) co_return std::unexpected(std::move(expiry).error());
    if (*expiry) look->view.expiries.push_back(**expiry);
  }
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

}  // namespace

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
  auto expiries = co_await readExpiries(core, look);
  if (!expiries) co_return std::unexpected(std::move(expiries).error());
  auto seen = co_await lookUp(core, look, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  co_return look;
}

OwnLimits ownLimitsOf(const Provider& provider) {
  const auto ours = [&table = provider.capabilities()](Capability capability) {
    const auto found = table.find(capability);
    return found != table.end() && found->second.support == Support::emulated;
  };
  OwnLimits limits;
  limits.lifetime = ours(Capability::lifetime);
  limits.idleTimeout = ours(Capability::idleTimeout);
  return limits;
}

Task<std::optional<Expiry>> expiryOf(CorePtr core, SandboxRecord record, OwnLimits limits) {
  std::optional<Expiry> expiry;
  if (record.status != SandboxStatus::active) co_return expiry;
  auto start = co_await lastStart(core, record.sandboxId);
  if (!start) co_return std::unexpected(std::move(start).error());
  if (!*start) co_return expiry;
  const auto set = limitsOn(record, limits);
  if (set.lifetime) {
    expiry = Expiry{.sandboxId = record.sandboxId,
                    .at = **start + record.timeout,
                    .limit = TimeLimit::lifetime,
                    .length = record.timeout};
  }
  if (!set.idleTimeout) co_return expiry;
  const auto idle = record.config.idleTimeout;
  const auto at = std::max(**start, record.lastUsedAt) + idle + 2 * core->parts.useInterval;
  if (!expiry || at < expiry->at) {
    expiry = Expiry{.sandboxId = record.sandboxId, .at = at, .limit = TimeLimit::idleTimeout, .length = idle};
  }
  co_return expiry;
}

Task<std::vector<Debt>> allDebts(CorePtr core) {
  auto read = [](RecordStore& store) { return store.debts(); };
  co_return co_await withStore(core, read);
}

Task<std::optional<SandboxRecord>> ownerOf(CorePtr core, Sighting seen) {
  auto read = [seen = std::move(seen)](RecordStore& store) -> Result<std::optional<SandboxRecord>> {
    auto found = store.findByKey(seen.provisionKey);
    if (!found || *found || seen.externalSandboxId.empty()) return found;
    return store.findByKey(seen.externalSandboxId.value);
  };
  co_return co_await withStore(core, std::move(read));
}

}  // namespace mooring::detail
