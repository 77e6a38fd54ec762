#include <mooring/sqlite/store.hpp>

#include "connection.hpp"
#include "errors.hpp"
#include "rows.hpp"

#include <mutex>

namespace mooring::sqlite {
namespace {

const std::string& selectRecords() {
  static const std::string sql = std::string("SELECT ") + recordColumns + " FROM sandboxes ";
  return sql;
}

const std::string& selectCommands() {
  static const std::string sql = std::string("SELECT ") + commandColumns + " FROM commands ";
  return sql;
}

/// Conditions of a filter, each of which an index begins with.
std::string whereOf(const RecordFilter& filter, bool paged) {
  std::string where;
  const auto add = [&where](const char* condition) {
    where += where.empty() ? "WHERE " : " AND ";
    where += condition;
  };
  if (filter.purpose) add("purpose = :purpose");
  if (filter.provider) add("provider = :provider");
  if (filter.status) add("status = :status");
  if (paged) add("sandboxId < :cursor");
  return where + " ";
}

void bindFilter(SQLite::Statement& statement, const RecordFilter& filter) {
  if (filter.purpose) statement.bind(":purpose", *filter.purpose);
  if (filter.provider) statement.bind(":provider", *filter.provider);
  if (filter.status) statement.bind(":status", std::string(toString(*filter.status)));
}

/// What a compare-and-swap compares.
struct Standing {
  SandboxStatus status;
  std::int64_t version;
  std::int64_t leaseToken;
  std::string leaseOwner;
};

class SqliteStore final : public RecordStore {
 public:
  explicit SqliteStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Result<SandboxRecord> insert(const RecordChange& change) override {
    return write([&]() -> Result<SandboxRecord> {
      auto record = change.record;
      record.version = 1;
      if (standing(record.sandboxId)) {
        return failure(Errc::conflict, "sandbox " + record.sandboxId.value + " exists already");
      }
      if (keyExists(record.provisionKey)) {
        return failure(Errc::conflict, "provision key " + record.provisionKey + " is in use already");
      }
      auto& statement = connection_->prepared(
          "INSERT INTO sandboxes (sandboxId, provider, externalSandboxId, provisionKey, generation, status, version, "
          "sandboxUrl, timeoutMs, runtime, vcpus, ports, purpose, params, config, configHash, connection, error, "
          "leaseOwner, leaseToken, leaseExpiresAt, lastUsedAt, createdAt, updatedAt, shutdownAt) VALUES (:sandboxId, "
          ":provider, :externalSandboxId, :provisionKey, :generation, :status, 1, :sandboxUrl, :timeoutMs, :runtime, "
          ":vcpus, :ports, :purpose, :params, :config, :configHash, :connection, :error, :leaseOwner, :leaseToken, "
          ":leaseExpiresAt, :lastUsedAt, :createdAt, :updatedAt, :shutdownAt)");
      bindRecord(statement, record);
      statement.exec();
      writeRest(change);
      return record;
    });
  }

  Result<SandboxRecord> update(const RecordChange& change, std::int64_t fencingToken) override {
    return write([&]() -> Result<SandboxRecord> {
      auto record = change.record;
      const auto now = standing(record.sandboxId);
      if (auto allowed = compare(now, record, fencingToken); !allowed) {
        return std::unexpected(std::move(allowed).error());
      }
      auto& statement = connection_->prepared(
          "UPDATE sandboxes SET provider = :provider, externalSandboxId = :externalSandboxId, provisionKey = "
          ":provisionKey, generation = :generation, status = :status, version = version + 1, sandboxUrl = :sandboxUrl, "
          "timeoutMs = :timeoutMs, runtime = :runtime, vcpus = :vcpus, ports = :ports, purpose = :purpose, params = "
          ":params, config = :config, configHash = :configHash, connection = :connection, error = :error, leaseOwner = "
          ":leaseOwner, leaseToken = :leaseToken, leaseExpiresAt = :leaseExpiresAt, lastUsedAt = max(lastUsedAt, "
          ":lastUsedAt), createdAt = :createdAt, updatedAt = :updatedAt, shutdownAt = :shutdownAt WHERE sandboxId = "
          ":sandboxId");
      bindRecord(statement, record);
      statement.exec();
      writeRest(change);
      ++record.version;
      return record;
    });
  }

  Result<SandboxRecord> get(const SandboxId& id) override {
    return read([&]() -> Result<SandboxRecord> {
      static const std::string sql = selectRecords() + "WHERE sandboxId = ?";
      auto& statement = connection_->prepared(sql.c_str());
      statement.bind(1, id.value);
      if (!statement.executeStep()) return std::unexpected(noSandbox(id));
      return finished(statement, readRecord(statement));
    });
  }

  Result<SandboxPage> list(const RecordFilter& filter, const PageRequest& request) override {
    return read([&]() -> Result<SandboxPage> {
      const auto sql =
          selectRecords() + whereOf(filter, !request.cursor.empty()) + "ORDER BY sandboxId DESC LIMIT :limit";
      auto& statement = connection_->prepared(sql.c_str());
      bindFilter(statement, filter);
      if (!request.cursor.empty()) statement.bind(":cursor", request.cursor);
      statement.bind(":limit", request.limit + 1);  // One more tells whether there is a next page.
      SandboxPage page;
      while (statement.executeStep()) page.records.push_back(readRecord(statement));
      statement.reset();
      if (page.records.size() > static_cast<std::size_t>(request.limit)) {
        page.records.pop_back();
        page.nextCursor = page.records.back().sandboxId.value;
      }
      return page;
    });
  }

  Result<std::int64_t> count(const RecordFilter& filter) override {
    return read([&]() -> Result<std::int64_t> {
      const auto sql = "SELECT count(*) FROM sandboxes " + whereOf(filter, false);
      auto& statement = connection_->prepared(sql.c_str());
      bindFilter(statement, filter);
      statement.executeStep();
      return finished(statement, statement.getColumn(0).getInt64());
    });
  }

  Result<std::optional<SandboxRecord>> findByKey(const std::string& provisionKey) override {
    return read([&]() -> Result<std::optional<SandboxRecord>> {
      static const std::string sql = selectRecords() + "WHERE provisionKey = ?";
      auto& statement = connection_->prepared(sql.c_str());
      statement.bind(1, provisionKey);
      if (!statement.executeStep()) return std::optional<SandboxRecord>();
      return finished(statement, std::optional(readRecord(statement)));
    });
  }

  Result<void> renewLease(const SandboxId& id, std::int64_t fencingToken, Timestamp expiresAt) override {
    return write([&]() -> Result<void> {
      auto& statement = connection_->prepared(
          "UPDATE sandboxes SET leaseExpiresAt = ? WHERE sandboxId = ? AND leaseToken = ? AND leaseExpiresAt IS NOT NULL");
      statement.bind(1, std::int64_t{expiresAt.time_since_epoch().count()});
      statement.bind(2, id.value);
      statement.bind(3, fencingToken);
      if (statement.exec() == 1) return {};
      if (!standing(id)) return std::unexpected(noSandbox(id));
      return failure(Errc::conflict, "the lease on sandbox " + id.value + " is no longer held under token " +
                                         std::to_string(fencingToken));
    });
  }

  Result<void> touch(const SandboxId& id, Timestamp lastUsedAt) override {
    return write([&]() -> Result<void> {
      auto& statement =
          connection_->prepared("UPDATE sandboxes SET lastUsedAt = max(lastUsedAt, ?) WHERE sandboxId = ?");
      statement.bind(1, std::int64_t{lastUsedAt.time_since_epoch().count()});
      statement.bind(2, id.value);
      if (statement.exec() == 1) return {};
      return std::unexpected(noSandbox(id));
    });
  }

  Result<std::vector<SandboxEvent>> events(const SandboxId& id, std::int64_t afterSeq, int limit) override {
    return read([&]() -> Result<std::vector<SandboxEvent>> {
      auto& statement = connection_->prepared(
          "SELECT seq, sandboxId, at, generation, \"from\", \"to\", reason, detail FROM sandbox_events WHERE sandboxId "
          "= ? AND seq > ? ORDER BY seq LIMIT ?");
      statement.bind(1, id.value);
      statement.bind(2, afterSeq);
      statement.bind(3, limit);
      return rows<SandboxEvent>(statement, readEvent);
    });
  }

  Result<std::vector<Debt>> debts() override {
    return read([&]() -> Result<std::vector<Debt>> {
      auto& statement = connection_->prepared(
          "SELECT seq, sandboxId, kind, provider, provisionKey, externalSandboxId, generation, attempts, lastError, "
          "createdAt FROM debts ORDER BY seq");
      return rows<Debt>(statement, readDebt);
    });
  }

  Result<void> debtFailed(std::int64_t seq, const std::string& lastError) override {
    return write([&]() -> Result<void> {
      auto& statement = connection_->prepared("UPDATE debts SET attempts = attempts + 1, lastError = ? WHERE seq = ?");
      statement.bind(1, lastError);
      statement.bind(2, seq);
      if (statement.exec() == 1) return {};
      return failure(Errc::notFound, "there is no debt " + std::to_string(seq));
    });
  }

  Result<void> debtPaid(std::int64_t seq, const SandboxEvent& event) override {
    return write([&]() -> Result<void> {
      if (removeDebt(seq)) writeEvent(event);
      return {};
    });
  }

  Result<void> insertCommand(const CommandRecord& command) override {
    return write([&]() -> Result<void> {
      if (!standing(command.sandboxId)) return std::unexpected(noSandbox(command.sandboxId));
      if (commandStatus(command.commandId)) {
        return failure(Errc::conflict, "command " + command.commandId.value + " exists already");
      }
      auto& statement = connection_->prepared(
          "INSERT INTO commands (commandId, sandboxId, generation, externalCommandId, status, program, args, cwd, "
          "exitCode, signal, createdAt, finishedAt) VALUES (:commandId, :sandboxId, :generation, :externalCommandId, "
          ":status, :program, :args, :cwd, :exitCode, :signal, :createdAt, :finishedAt)");
      bindCommand(statement, command);
      statement.exec();
      return {};
    });
  }

  Result<void> updateCommand(const CommandRecord& command) override {
    return write([&]() -> Result<void> {
      const auto status = commandStatus(command.commandId);
      if (!status) return failure(Errc::notFound, "there is no command " + command.commandId.value);
      if (*status != CommandStatus::starting && *status != CommandStatus::running) {
        return failure(Errc::conflict,
                       "command " + command.commandId.value + " has ended already: " + std::string(toString(*status)));
      }
      auto& statement = connection_->prepared(
          "UPDATE commands SET sandboxId = :sandboxId, generation = :generation, externalCommandId = "
          ":externalCommandId, status = :status, program = :program, args = :args, cwd = :cwd, exitCode = :exitCode, "
          "signal = :signal, createdAt = :createdAt, finishedAt = :finishedAt WHERE commandId = :commandId");
      bindCommand(statement, command);
      statement.exec();
      return {};
    });
  }

  Result<CommandRecord> getCommand(const CommandId& id) override {
    return read([&]() -> Result<CommandRecord> {
      static const std::string sql = selectCommands() + "WHERE commandId = ?";
      auto& statement = connection_->prepared(sql.c_str());
      statement.bind(1, id.value);
      if (!statement.executeStep()) return failure(Errc::notFound, "there is no command " + id.value);
      return finished(statement, readCommand(statement));
    });
  }

  Result<std::vector<CommandRecord>> listCommands(const SandboxId& id) override {
    return read([&]() -> Result<std::vector<CommandRecord>> {
      static const std::string sql = selectCommands() + "WHERE sandboxId = ? ORDER BY commandId DESC";
      auto& statement = connection_->prepared(sql.c_str());
      statement.bind(1, id.value);
      return rows<CommandRecord>(statement, readCommand);
    });
  }

  Result<std::string> deploymentId() override {
    return read([&]() -> Result<std::string> {
      auto& statement = connection_->prepared("SELECT deploymentId FROM deployment");
      if (!statement.executeStep()) return failure(Errc::corrupted, "the database has no deploymentId");
      return finished(statement, statement.getColumn(0).getString());
    });
  }

  [[nodiscard]] std::int64_t commits() const override {
    const std::lock_guard lock(mutex_);
    return connection_->commits();
  }

 private:
  template <class Work>
  auto read(Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    return caught(connection_->path(), std::move(work));
  }

  template <class Work>
  auto write(Work work) -> decltype(work()) {
    return read([&] { return connection_->write(std::move(work)); });
  }

  /// An open cursor holds a read transaction, and with it the WAL: it ends with the last row that is wanted.
  template <class T>
  static T finished(SQLite::Statement& statement, T value) {
    statement.reset();
    return value;
  }

  template <class T>
  static std::vector<T> rows(SQLite::Statement& statement, T (*readRow)(SQLite::Statement&)) {
    std::vector<T> out;
    while (statement.executeStep()) out.push_back(readRow(statement));
    statement.reset();
    return out;
  }

  static Error noSandbox(const SandboxId& id) {
    return makeError(Errc::notFound, "there is no sandbox \"" + id.value + "\" in this database");
  }

  std::optional<Standing> standing(const SandboxId& id) {
    auto& statement = connection_->prepared(
        "SELECT sandboxId, status, version, leaseToken, leaseOwner FROM sandboxes WHERE sandboxId = ?");
    statement.bind(1, id.value);
    if (!statement.executeStep()) return std::nullopt;
    const auto status = parseEnum<SandboxStatus>(statement.getColumn("status").getString());
    if (!status) throw BadRow{"row sandboxes " + id.value + ", column status: unknown"};
    return finished(statement,
                    std::optional(Standing{.status = *status,
                                           .version = statement.getColumn("version").getInt64(),
                                           .leaseToken = statement.getColumn("leaseToken").getInt64(),
                                           .leaseOwner = statement.getColumn("leaseOwner").getString()}));
  }

  bool keyExists(const std::string& provisionKey) {
    auto& statement = connection_->prepared("SELECT 1 FROM sandboxes WHERE provisionKey = ?");
    statement.bind(1, provisionKey);
    return finished(statement, statement.executeStep());
  }

  std::optional<CommandStatus> commandStatus(const CommandId& id) {
    auto& statement = connection_->prepared("SELECT status FROM commands WHERE commandId = ?");
    statement.bind(1, id.value);
    if (!statement.executeStep()) return std::nullopt;
    const auto status = parseEnum<CommandStatus>(statement.getColumn(0).getString());
    if (!status) throw BadRow{"row commands " + id.value + ", column status: unknown"};
    return finished(statement, status);
  }

  static Result<void> compare(const std::optional<Standing>& now, const SandboxRecord& wanted,
                              std::int64_t fencingToken) {
    if (!now) return std::unexpected(noSandbox(wanted.sandboxId));
    const auto which = "sandbox " + wanted.sandboxId.value;
    if (now->leaseToken != fencingToken) {
      return failure(Errc::conflict, "the lease on " + which + " was taken over" +
                                         (now->leaseOwner.empty() ? std::string() : " by " + now->leaseOwner));
    }
    if (now->version != wanted.version) {
      return failure(Errc::conflict, which + " was changed by somebody else (version " + std::to_string(now->version) +
                                         ", expected " + std::to_string(wanted.version) + ")");
    }
    if (!transitionAllowed(now->status, wanted.status)) {
      return failure(Errc::internal, which + " cannot go from " + std::string(toString(now->status)) + " to " +
                                         std::string(toString(wanted.status)));
    }
    return {};
  }

  void writeEvent(const SandboxEvent& event) {
    auto& statement = connection_->prepared(
        "INSERT INTO sandbox_events (sandboxId, at, generation, \"from\", \"to\", reason, detail) VALUES (:sandboxId, "
        ":at, :generation, :from, :to, :reason, :detail)");
    bindEvent(statement, event);
    statement.exec();
  }

  bool removeDebt(std::int64_t seq) {
    auto& statement = connection_->prepared("DELETE FROM debts WHERE seq = ?");
    statement.bind(1, seq);
    return statement.exec() == 1;
  }

  void writeRest(const RecordChange& change) {
    for (const auto& event : change.events) writeEvent(event);
    for (const auto& debt : change.incurred) {
      auto& statement = connection_->prepared(
          "INSERT INTO debts (sandboxId, kind, provider, provisionKey, externalSandboxId, generation, attempts, "
          "lastError, createdAt) VALUES (:sandboxId, :kind, :provider, :provisionKey, :externalSandboxId, :generation, "
          ":attempts, :lastError, :createdAt)");
      bindDebt(statement, debt);
      statement.exec();
    }
    for (const auto seq : change.paid) removeDebt(seq);
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

Result<std::shared_ptr<RecordStore>> openStore(StoreOptions options) {
  auto connection = Connection::open(options);
  if (!connection) return std::unexpected(std::move(connection).error());
  return std::make_shared<SqliteStore>(std::move(*connection));
}

}  // namespace mooring::sqlite
