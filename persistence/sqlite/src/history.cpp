// What hangs on a record: events, debts and commands.
#include "rows.hpp"
#include "store.hpp"

#include <algorithm>

namespace mooring::sqlite {
namespace {

template <class T>
std::vector<T> allRows(Query& query, T (*readRow)(Query&)) {
  std::vector<T> out;
  while (query.next())
    out.push_back(readRow(query));
  return out;
}

std::string select(const char* columns, const char* rest) {
  return std::string("SELECT ") + columns + " FROM " + rest;
}

}  // namespace

void Store::writeEvent(const SandboxEvent& event) {
  auto query = connection_->query(
      "INSERT INTO sandbox_events (sandboxId, at, generation, \"from\", \"to\", reason, detail) VALUES "
      "(:sandboxId, "
      ":at, :generation, :from, :to, :reason, :detail)");
  bindEvent(query, event);
  query.run();
}

void Store::writeRest(const RecordChange& change) {
  for (const auto& event : change.events)
    writeEvent(event);
  for (const auto& debt : change.incurred) {
    auto query = connection_->query(
        "INSERT INTO debts (sandboxId, kind, provider, provisionKey, externalSandboxId, generation, "
        "attempts, "
        "lastError, createdAt) VALUES (:sandboxId, :kind, :provider, :provisionKey, :externalSandboxId, "
        ":generation, "
        ":attempts, :lastError, :createdAt)");
    bindDebt(query, debt);
    query.run();
  }
  for (const auto seq : change.paid)
    connection_->query("DELETE FROM debts WHERE seq = :seq").bind(":seq", seq).run();
}

Result<std::vector<SandboxEvent>> Store::events(const SandboxId& id, std::int64_t afterSeq, int limit) {
  return read([&]() -> Result<std::vector<SandboxEvent>> {
    auto query = connection_->query(select(
        eventColumns, "sandbox_events WHERE sandboxId = :id AND seq > :after ORDER BY seq LIMIT :limit"));
    query.bind(":id", id.value).bind(":after", afterSeq).bind(":limit", std::max(limit, 0));
    return allRows<SandboxEvent>(query, readEvent);
  });
}

std::optional<Debt> Store::debt(std::int64_t seq) {
  auto query = connection_->query(select(debtColumns, "debts WHERE seq = :seq"));
  query.bind(":seq", seq);
  if (!query.next()) return std::nullopt;
  return readDebt(query);
}

Result<std::vector<Debt>> Store::debts() {
  return read([&]() -> Result<std::vector<Debt>> {
    auto query = connection_->query(select(debtColumns, "debts ORDER BY seq"));
    return allRows<Debt>(query, readDebt);
  });
}

Result<void> Store::debtFailed(std::int64_t seq, const std::string& lastError) {
  return write([&]() -> Result<void> {
    const int changed =
        connection_
            ->query("UPDATE debts SET attempts = attempts + 1, lastError = :lastError WHERE seq = :seq")
            .bind(":lastError", lastError)
            .bind(":seq", seq)
            .run();
    if (changed == 0) return detail::noSuchDebt(seq);
    return {};
  });
}

Result<void> Store::debtPaid(std::int64_t seq, const SandboxEvent& event) {
  return write([&]() -> Result<void> {
    const auto paid = debt(seq);
    if (!paid) return {};
    if (auto own = detail::checkPayment(*paid, event); !own) return own;
    connection_->query("DELETE FROM debts WHERE seq = :seq").bind(":seq", seq).run();
    auto told = event;
    told.from = told.to = stateOf(event.sandboxId)->status;
    writeEvent(told);
    return {};
  });
}

std::optional<CommandStatus> Store::statusOf(const CommandId& id) {
  auto query = connection_->query("SELECT status FROM commands WHERE commandId = :id");
  query.bind(":id", id.value);
  if (!query.next()) return std::nullopt;
  const auto text = query.column("status").getString();
  const auto status = parseEnum<CommandStatus>(text);
  if (!status) {
    throw BadRow{"commands.status of " + id.value + " is \"" + text +
                 "\", which is not one of: " + enumChoices<CommandStatus>()};
  }
  return status;
}

Result<void> Store::insertCommand(const CommandRecord& command) {
  if (auto checked = detail::checkCommand(command); !checked) return checked;
  return write([&]() -> Result<void> {
    if (!stateOf(command.sandboxId)) return detail::noSuchSandbox(command.sandboxId);
    if (statusOf(command.commandId)) return detail::commandExists(command.commandId);
    auto query = connection_->query(
        "INSERT INTO commands (commandId, sandboxId, generation, externalCommandId, status, program, args, "
        "cwd, "
        "exitCode, signal, createdAt, finishedAt) VALUES (:commandId, :sandboxId, :generation, "
        ":externalCommandId, "
        ":status, :program, :args, :cwd, :exitCode, :signal, :createdAt, :finishedAt)");
    bindCommand(query, command);
    query.run();
    return {};
  });
}

Result<void> Store::updateCommand(const CommandRecord& command) {
  return write([&]() -> Result<void> {
    const auto status = statusOf(command.commandId);
    if (!status) return detail::noSuchCommand(command.commandId);
    if (auto running = detail::checkRunning(command.commandId, *status); !running) return running;
    connection_
        ->query(
            "UPDATE commands SET status = :status, externalCommandId = :externalCommandId, exitCode = "
            ":exitCode, "
            "signal = :signal, finishedAt = :finishedAt WHERE commandId = :commandId")
        .bind(":status", std::string(toString(command.status)))
        .bind(":externalCommandId", command.externalCommandId.value)
        .bind(":exitCode", command.exitCode)
        .bind(":signal", command.signal)
        .bind(":finishedAt", command.finishedAt)
        .bind(":commandId", command.commandId.value)
        .run();
    return {};
  });
}

Result<CommandRecord> Store::getCommand(const CommandId& id) {
  return read([&]() -> Result<CommandRecord> {
    auto query = connection_->query(select(commandColumns, "commands WHERE commandId = :id"));
    query.bind(":id", id.value);
    if (!query.next()) return detail::noSuchCommand(id);
    return readCommand(query);
  });
}

Result<std::vector<CommandRecord>> Store::listCommands(const SandboxId& id) {
  return read([&]() -> Result<std::vector<CommandRecord>> {
    auto query = connection_->query(
        select(commandColumns, "commands WHERE sandboxId = :id ORDER BY commandId DESC"));
    query.bind(":id", id.value);
    return allRows<CommandRecord>(query, readCommand);
  });
}

}  // namespace mooring::sqlite
