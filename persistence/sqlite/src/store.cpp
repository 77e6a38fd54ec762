#include "store.hpp"

#include "filters.hpp"
#include "rows.hpp"

namespace mooring::sqlite {
namespace {

constexpr const char* insertRecord =
    "INSERT INTO sandboxes (sandboxId, provider, externalSandboxId, provisionKey, generation, status, "
    "version, "
    "sandboxUrl, timeoutMs, purpose, config, configHash, connection, error, leaseOwner, leaseToken, "
    "leaseExpiresAt, "
    "lastUsedAt, createdAt, updatedAt, shutdownAt) VALUES (:sandboxId, :provider, :externalSandboxId, "
    ":provisionKey, "
    ":generation, :status, 1, :sandboxUrl, :timeoutMs, :purpose, :config, :configHash, :connection, :error, "
    ":leaseOwner, :leaseToken, :leaseExpiresAt, :lastUsedAt, :createdAt, :updatedAt, :shutdownAt)";

// touch() may have come in between, so lastUsedAt never goes back.
constexpr const char* updateRecord =
    "UPDATE sandboxes SET provider = :provider, externalSandboxId = :externalSandboxId, provisionKey = "
    ":provisionKey, "
    "generation = :generation, status = :status, version = version + 1, sandboxUrl = :sandboxUrl, timeoutMs "
    "= "
    ":timeoutMs, purpose = :purpose, config = :config, configHash = :configHash, connection = :connection, "
    "error = "
    ":error, leaseOwner = :leaseOwner, leaseToken = :leaseToken, leaseExpiresAt = :leaseExpiresAt, "
    "lastUsedAt = "
    "max(lastUsedAt, :lastUsedAt), createdAt = :createdAt, updatedAt = :updatedAt, shutdownAt = :shutdownAt "
    "WHERE sandboxId = :sandboxId RETURNING version, lastUsedAt";

std::string selectRecords(const char* where) {
  return std::string("SELECT ") + recordColumns + " FROM sandboxes WHERE " + where;
}

}  // namespace

std::optional<detail::StoredState> Store::stateOf(const SandboxId& id) {
  auto query = connection_->query(std::string("SELECT ") + stateColumns +
                                  " FROM sandboxes WHERE sandboxId = :id");
  query.bind(":id", id.value);
  if (!query.next()) return std::nullopt;
  return readState(query);
}

std::optional<std::string> Store::ownerOfKey(const std::string& provisionKey) {
  auto query = connection_->query("SELECT sandboxId FROM sandboxes WHERE provisionKey = :key");
  query.bind(":key", provisionKey);
  if (!query.next()) return std::nullopt;
  return query.column("sandboxId").getString();
}

Result<SandboxRecord> Store::insert(const RecordChange& given) {
  auto change = detail::prepared(given);
  if (!change) return std::unexpected(std::move(change).error());
  return write([&]() -> Result<SandboxRecord> {
    auto& record = change->record;
    if (stateOf(record.sandboxId)) return detail::sandboxExists(record.sandboxId);
    if (ownerOfKey(record.provisionKey)) return detail::keyTaken(record.provisionKey);
    auto query = connection_->query(insertRecord);
    bindRecord(query, record);
    query.run();
    writeRest(*change);
    record.version = 1;
    return std::move(record);
  });
}

Result<SandboxRecord> Store::update(const RecordChange& given, std::int64_t fencingToken) {
  auto change = detail::prepared(given);
  if (!change) return std::unexpected(std::move(change).error());
  return write([&]() -> Result<SandboxRecord> {
    auto& record = change->record;
    const auto stored = stateOf(record.sandboxId);
    if (!stored) return detail::noSuchSandbox(record.sandboxId);
    if (auto allowed = detail::checkUpdate(*stored, *change, fencingToken); !allowed) {
      return std::unexpected(std::move(allowed).error());
    }
    if (ownerOfKey(record.provisionKey).value_or(record.sandboxId.value) != record.sandboxId.value) {
      return detail::keyTaken(record.provisionKey);
    }
    auto query = connection_->query(updateRecord);
    bindRecord(query, record);
    query.next();
    record.version = query.column("version").getInt64();
    record.lastUsedAt = Timestamp(std::chrono::milliseconds(query.column("lastUsedAt").getInt64()));
    query.next();  // To its end: only then has the statement been carried out whole.
    writeRest(*change);
    return std::move(record);
  });
}

Result<SandboxRecord> Store::get(const SandboxId& id) {
  return read([&]() -> Result<SandboxRecord> {
    auto query = connection_->query(selectRecords("sandboxId = :id"));
    query.bind(":id", id.value);
    if (!query.next()) return detail::noSuchSandbox(id);
    return readRecord(query);
  });
}

Result<SandboxPage> Store::list(const RecordFilter& filter, const PageRequest& page) {
  if (auto checked = detail::checkPage(page); !checked) return std::unexpected(std::move(checked).error());
  return read([&]() -> Result<SandboxPage> {
    auto query = connection_->query(listSql(filter, !page.cursor.empty()));
    bindFilter(query, filter);
    if (!page.cursor.empty()) query.bind(":cursor", page.cursor);
    query.bind(":limit", page.limit + 1);  // One more tells whether there is a next page.
    SandboxPage out;
    while (query.next()) {
      if (out.records.size() == static_cast<std::size_t>(page.limit)) {
        out.nextCursor = out.records.back().sandboxId.value;
        break;
      }
      out.records.push_back(readRecord(query));
    }
    return out;
  });
}

Result<std::int64_t> Store::count(const RecordFilter& filter) {
  return read([&]() -> Result<std::int64_t> {
    auto query = connection_->query(countSql(filter));
    bindFilter(query, filter);
    query.next();
    return query.column("count").getInt64();
  });
}

Result<std::optional<SandboxRecord>> Store::findByKey(const std::string& key) {
  return read([&]() -> Result<std::optional<SandboxRecord>> {
    auto byKey = connection_->query(selectRecords("provisionKey = :key"));
    byKey.bind(":key", key);
    if (byKey.next()) return readRecord(byKey);
    if (key.empty()) return std::nullopt;
    auto byExternalId = connection_->query(selectRecords("externalSandboxId = :key"));
    byExternalId.bind(":key", key);
    if (!byExternalId.next()) return std::nullopt;
    auto record = readRecord(byExternalId);
    if (byExternalId.next()) return detail::ambiguousKey(key);
    return record;
  });
}

Result<void> Store::renewLease(const SandboxId& id, std::int64_t fencingToken, Timestamp expiresAt) {
  return write([&]() -> Result<void> {
    const auto stored = stateOf(id);
    if (!stored) return detail::noSuchSandbox(id);
    if (auto held = detail::checkRenewal(id, *stored, fencingToken); !held) return held;
    connection_->query("UPDATE sandboxes SET leaseExpiresAt = :expiresAt WHERE sandboxId = :id")
        .bind(":expiresAt", expiresAt)
        .bind(":id", id.value)
        .run();
    return {};
  });
}

Result<void> Store::touch(const SandboxId& id, Timestamp lastUsedAt) {
  return write([&]() -> Result<void> {
    const int changed =
        connection_->query("UPDATE sandboxes SET lastUsedAt = :at WHERE sandboxId = :id AND lastUsedAt < :at")
            .bind(":at", lastUsedAt)
            .bind(":id", id.value)
            .run();
    if (changed == 0 && !stateOf(id)) return detail::noSuchSandbox(id);
    return {};
  });
}

Result<std::string> Store::deploymentId() {
  return read([&]() -> Result<std::string> {
    auto query = connection_->query("SELECT deploymentId FROM deployment");
    if (!query.next()) throw BadRow{"deployment has no row"};
    return query.column("deploymentId").getString();
  });
}

std::int64_t Store::commits() const {
  const std::scoped_lock lock(mutex_);
  return connection_->commits();
}

}  // namespace mooring::sqlite
