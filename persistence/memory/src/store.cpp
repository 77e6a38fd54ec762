#include "store.hpp"

#include <mooring/detail/store_rules.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>

namespace mooring::memory {
namespace {

detail::StoredState stateOf(const SandboxRecord& record) {
  return {.version = record.version,
          .leaseToken = record.leaseToken,
          .leaseOwner = record.leaseOwner,
          .leased = record.leaseExpiresAt.has_value(),
          .status = record.status};
}

bool matches(const RecordFilter& filter, const SandboxRecord& record) {
  return (!filter.status || record.status == *filter.status) &&
         (!filter.provider || record.provider == *filter.provider) &&
         (!filter.purpose || record.config.purpose == *filter.purpose);
}

std::string newDeploymentId() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";  // 32: five bits make one.
  std::array<unsigned char, 12> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::bad_alloc();  // Its only cause here.
  std::string out;
  for (const auto byte : bytes)
    out += letters[byte & 31U];
  return out;
}

}  // namespace

Store::Store(std::shared_ptr<Database> database) : database_(std::move(database)) {}

void Store::writeRest(const RecordChange& change) {
  for (const auto& event : change.events)
    writeEvent(event);
  for (auto debt : change.incurred) {
    debt.seq = ++database_->lastDebt;
    database_->debts.emplace(debt.seq, std::move(debt));
  }
  for (const auto seq : change.paid)
    database_->debts.erase(seq);
  ++commits_;
}

void Store::writeEvent(SandboxEvent event) {
  event.seq = ++database_->lastEvent;
  database_->events.push_back(std::move(event));
}

Result<SandboxRecord> Store::insert(const RecordChange& given) {
  auto change = detail::prepared(given);
  if (!change) return std::unexpected(std::move(change).error());
  const std::scoped_lock lock(database_->mutex);
  auto& record = change->record;
  if (database_->sandboxes.contains(record.sandboxId.value)) return detail::sandboxExists(record.sandboxId);
  if (database_->ownersOfKeys.contains(record.provisionKey)) return detail::keyTaken(record.provisionKey);
  record.version = 1;
  database_->sandboxes.emplace(record.sandboxId.value, record);
  database_->ownersOfKeys.emplace(record.provisionKey, record.sandboxId.value);
  writeRest(*change);
  return record;
}

Result<SandboxRecord> Store::update(const RecordChange& given, std::int64_t fencingToken) {
  auto change = detail::prepared(given);
  if (!change) return std::unexpected(std::move(change).error());
  const std::scoped_lock lock(database_->mutex);
  auto& record = change->record;
  const auto found = database_->sandboxes.find(record.sandboxId.value);
  if (found == database_->sandboxes.end()) return detail::noSuchSandbox(record.sandboxId);
  auto& stored = found->second;
  if (auto allowed = detail::checkUpdate(stateOf(stored), *change, fencingToken); !allowed) {
    return std::unexpected(std::move(allowed).error());
  }
  if (record.provisionKey != stored.provisionKey) {
    if (database_->ownersOfKeys.contains(record.provisionKey)) return detail::keyTaken(record.provisionKey);
    database_->ownersOfKeys.erase(stored.provisionKey);
    database_->ownersOfKeys.emplace(record.provisionKey, record.sandboxId.value);
  }
  ++record.version;
  record.lastUsedAt = std::max(record.lastUsedAt, stored.lastUsedAt);  // touch() may have come in between.
  stored = record;
  writeRest(*change);
  return record;
}

Result<SandboxRecord> Store::get(const SandboxId& id) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->sandboxes.find(id.value);
  if (found == database_->sandboxes.end()) return detail::noSuchSandbox(id);
  return found->second;
}

Result<SandboxPage> Store::list(const RecordFilter& filter, const PageRequest& page) {
  if (auto checked = detail::checkPage(page); !checked) return std::unexpected(std::move(checked).error());
  const std::scoped_lock lock(database_->mutex);
  const auto& sandboxes = database_->sandboxes;
  SandboxPage out;
  auto at = page.cursor.empty() ? sandboxes.end() : sandboxes.lower_bound(page.cursor);
  while (at != sandboxes.begin()) {
    --at;
    if (!matches(filter, at->second)) continue;
    if (out.records.size() == static_cast<std::size_t>(page.limit)) {
      out.nextCursor = out.records.back().sandboxId.value;
      break;
    }
    out.records.push_back(at->second);
  }
  return out;
}

Result<std::int64_t> Store::count(const RecordFilter& filter) {
  const std::scoped_lock lock(database_->mutex);
  return std::ranges::count_if(database_->sandboxes,
                               [&](const auto& entry) { return matches(filter, entry.second); });
}

Result<std::optional<SandboxRecord>> Store::findByKey(const std::string& key) {
  const std::scoped_lock lock(database_->mutex);
  if (const auto owner = database_->ownersOfKeys.find(key); owner != database_->ownersOfKeys.end()) {
    return database_->sandboxes.at(owner->second);
  }
  std::optional<SandboxRecord> found;
  if (key.empty()) return found;
  for (const auto& [id, record] : database_->sandboxes) {
    if (record.externalSandboxId.value != key) continue;
    if (found) return detail::ambiguousKey(key);
    found = record;
  }
  return found;
}

Result<void> Store::renewLease(const SandboxId& id, std::int64_t fencingToken, Timestamp expiresAt) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->sandboxes.find(id.value);
  if (found == database_->sandboxes.end()) return detail::noSuchSandbox(id);
  if (auto held = detail::checkRenewal(id, stateOf(found->second), fencingToken); !held) return held;
  found->second.leaseExpiresAt = expiresAt;
  ++commits_;
  return {};
}

Result<void> Store::touch(const SandboxId& id, Timestamp lastUsedAt) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->sandboxes.find(id.value);
  if (found == database_->sandboxes.end()) return detail::noSuchSandbox(id);
  if (lastUsedAt <= found->second.lastUsedAt) return {};
  found->second.lastUsedAt = lastUsedAt;
  ++commits_;
  return {};
}

Result<std::vector<SandboxEvent>> Store::events(const SandboxId& id, std::int64_t afterSeq, int limit) {
  const std::scoped_lock lock(database_->mutex);
  std::vector<SandboxEvent> out;
  for (const auto& event : database_->events) {
    if (out.size() >= static_cast<std::size_t>(std::max(limit, 0))) break;
    if (event.sandboxId == id && event.seq > afterSeq) out.push_back(event);
  }
  return out;
}

Result<std::vector<Debt>> Store::debts() {
  const std::scoped_lock lock(database_->mutex);
  std::vector<Debt> out;
  for (const auto& [seq, debt] : database_->debts)
    out.push_back(debt);
  return out;
}

Result<void> Store::debtFailed(std::int64_t seq, const std::string& lastError) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->debts.find(seq);
  if (found == database_->debts.end()) return detail::noSuchDebt(seq);
  ++found->second.attempts;
  found->second.lastError = lastError;
  ++commits_;
  return {};
}

Result<void> Store::debtPaid(std::int64_t seq, const SandboxEvent& event) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->debts.find(seq);
  if (found == database_->debts.end()) return {};
  if (auto own = detail::checkPayment(found->second, event); !own) return own;
  database_->debts.erase(found);
  auto told = event;
  told.from = told.to = database_->sandboxes.at(event.sandboxId.value).status;
  writeEvent(told);
  ++commits_;
  return {};
}

Result<void> Store::insertCommand(const CommandRecord& command) {
  if (auto checked = detail::checkCommand(command); !checked) return checked;
  const std::scoped_lock lock(database_->mutex);
  if (!database_->sandboxes.contains(command.sandboxId.value))
    return detail::noSuchSandbox(command.sandboxId);
  if (!database_->commands.emplace(command.commandId.value, command).second) {
    return detail::commandExists(command.commandId);
  }
  ++commits_;
  return {};
}

Result<void> Store::updateCommand(const CommandRecord& command) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->commands.find(command.commandId.value);
  if (found == database_->commands.end()) return detail::noSuchCommand(command.commandId);
  auto& stored = found->second;
  if (auto running = detail::checkRunning(command.commandId, stored.status); !running) return running;
  stored.status = command.status;
  stored.externalCommandId = command.externalCommandId;
  stored.exitCode = command.exitCode;
  stored.signal = command.signal;
  stored.finishedAt = command.finishedAt;
  ++commits_;
  return {};
}

Result<CommandRecord> Store::getCommand(const CommandId& id) {
  const std::scoped_lock lock(database_->mutex);
  const auto found = database_->commands.find(id.value);
  if (found == database_->commands.end()) return detail::noSuchCommand(id);
  return found->second;
}

Result<std::vector<CommandRecord>> Store::listCommands(const SandboxId& id) {
  const std::scoped_lock lock(database_->mutex);
  std::vector<CommandRecord> out;
  for (const auto& [commandId, command] : database_->commands) {
    if (command.sandboxId == id) out.push_back(command);
  }
  std::ranges::reverse(out);  // Ids sort by time.
  return out;
}

Result<std::string> Store::deploymentId() { return database_->deploymentId; }

std::int64_t Store::commits() const { return commits_; }

std::shared_ptr<Database> makeDatabase() {
  auto database = std::make_shared<Database>();
  database->deploymentId = newDeploymentId();
  return database;
}

std::shared_ptr<RecordStore> openStore(std::shared_ptr<Database> database) {
  return std::make_shared<Store>(std::move(database));
}

std::shared_ptr<RecordStore> makeStore() { return openStore(makeDatabase()); }

}  // namespace mooring::memory
