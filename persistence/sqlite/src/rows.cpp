#include "rows.hpp"

#include <mooring/detail/json_text.hpp>

#include "errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <limits>

namespace json = boost::json;

namespace mooring::sqlite {
namespace {

/// Reads one row, and says which column of which row it could not read.
class Row {
 public:
  Row(Query& query, std::string table, const char* key)
      : query_(query), table_(std::move(table)), id_(query.column(key).getString()) {}

  [[noreturn]] void bad(const char* column, const std::string& why) const {
    throw BadRow{table_ + "." + column + " of " + id_ + " " + why};
  }

  std::string text(const char* column) { return query_.column(column).getString(); }
  std::int64_t integer(const char* column) { return query_.column(column).getInt64(); }
  int small(const char* column) {
    const auto number = integer(column);
    if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
      bad(column, "is out of range: " + std::to_string(number));
    }
    return static_cast<int>(number);
  }
  bool isNull(const char* column) { return query_.column(column).isNull(); }
  Timestamp time(const char* column) { return Timestamp(std::chrono::milliseconds(integer(column))); }
  std::optional<Timestamp> maybeTime(const char* column) {
    return isNull(column) ? std::nullopt : std::optional(time(column));
  }

  template <class E>
  E named(const char* column) {
    return named<E>(column, text(column));
  }
  template <class E>
  E named(const char* column, std::string_view value) const {
    const auto parsed = parseEnum<E>(value);
    if (!parsed) bad(column, "is \"" + std::string(value) + "\", which is not one of: " + enumChoices<E>());
    return *parsed;
  }

  json::object object(const char* column) {
    auto value = detail::parseJsonText(text(column));
    if (!value) bad(column, "is " + value.error().message);
    if (!value->is_object()) bad(column, "is not a JSON object");
    return std::move(value->get_object());
  }

 private:
  Query& query_;
  std::string table_;
  std::string id_;
};

std::string errorText(const RecordError& error) {
  return json::serialize(json::object{{"code", toString(error.code)},
                                      {"message", detail::bytesToJson(error.message)},
                                      {"at", error.at.time_since_epoch().count()}});
}

std::optional<RecordError> readError(Row& row) {
  if (row.isNull("error")) return std::nullopt;
  const auto object = row.object("error");
  const auto* code = object.if_contains("code");
  const auto* message = object.if_contains("message");
  const auto* at = object.if_contains("at");
  const auto text = message != nullptr ? detail::bytesFromJson(*message) : std::nullopt;
  if (code == nullptr || !code->is_string() || !text || at == nullptr || !at->is_int64()) {
    row.bad("error", "lacks its code, message or at");
  }
  return RecordError{.code = row.named<Errc>("error", code->get_string()),
                     .message = *text,
                     .at = Timestamp(std::chrono::milliseconds(at->get_int64()))};
}

std::string joined(const std::vector<std::string>& args) {
  std::string out;
  for (const auto& arg : args)
    out.append(arg).push_back('\0');
  return out;
}

std::vector<std::string> splitArgs(Row& row) {
  std::vector<std::string> out;
  const auto bytes = row.text("args");
  for (std::size_t start = 0; start < bytes.size();) {
    const auto end = bytes.find('\0', start);
    if (end == std::string::npos) row.bad("args", "ends without a NUL");
    out.push_back(bytes.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

}  // namespace

SandboxRecord readRecord(Query& query) {
  Row row(query, "sandboxes", "sandboxId");
  SandboxRecord record;
  record.sandboxId = SandboxId(row.text("sandboxId"));
  record.provider = row.text("provider");
  record.externalSandboxId = ExternalSandboxId(row.text("externalSandboxId"));
  record.provisionKey = row.text("provisionKey");
  record.generation = row.small("generation");
  record.status = row.named<SandboxStatus>("status");
  record.version = row.integer("version");
  record.sandboxUrl = row.text("sandboxUrl");
  record.timeout = std::chrono::milliseconds(row.integer("timeoutMs"));
  auto config = parseConfig(row.object("config"));
  if (!config) row.bad("config", "is not a config: " + config.error().message);
  record.config = std::move(*config);
  record.configHash = row.text("configHash");
  record.connection = row.object("connection");
  record.error = readError(row);
  record.leaseOwner = row.text("leaseOwner");
  record.leaseToken = row.integer("leaseToken");
  record.leaseExpiresAt = row.maybeTime("leaseExpiresAt");
  record.lastUsedAt = row.time("lastUsedAt");
  record.createdAt = row.time("createdAt");
  record.updatedAt = row.time("updatedAt");
  record.shutdownAt = row.maybeTime("shutdownAt");
  return record;
}

detail::StoredState readState(Query& query) {
  Row row(query, "sandboxes", "sandboxId");
  return {.version = row.integer("version"),
          .leaseToken = row.integer("leaseToken"),
          .leaseOwner = row.text("leaseOwner"),
          .leased = !row.isNull("leaseExpiresAt"),
          .status = row.named<SandboxStatus>("status")};
}

SandboxEvent readEvent(Query& query) {
  Row row(query, "sandbox_events", "seq");
  SandboxEvent event;
  event.seq = row.integer("seq");
  event.sandboxId = SandboxId(row.text("sandboxId"));
  event.at = row.time("at");
  event.generation = row.small("generation");
  if (!row.isNull("from")) event.from = row.named<SandboxStatus>("from");
  event.to = row.named<SandboxStatus>("to");
  event.reason = row.named<EventReason>("reason");
  event.detail = row.text("detail");
  return event;
}

Debt readDebt(Query& query) {
  Row row(query, "debts", "seq");
  Debt debt;
  debt.seq = row.integer("seq");
  debt.sandboxId = SandboxId(row.text("sandboxId"));
  debt.kind = row.named<DebtKind>("kind");
  debt.provider = row.text("provider");
  debt.provisionKey = row.text("provisionKey");
  debt.externalSandboxId = ExternalSandboxId(row.text("externalSandboxId"));
  debt.generation = row.small("generation");
  debt.attempts = row.small("attempts");
  debt.lastError = row.text("lastError");
  debt.createdAt = row.time("createdAt");
  return debt;
}

CommandRecord readCommand(Query& query) {
  Row row(query, "commands", "commandId");
  CommandRecord command;
  command.commandId = CommandId(row.text("commandId"));
  command.sandboxId = SandboxId(row.text("sandboxId"));
  command.generation = row.small("generation");
  command.externalCommandId = ExternalCommandId(row.text("externalCommandId"));
  command.status = row.named<CommandStatus>("status");
  command.program = row.text("program");
  command.args = splitArgs(row);
  command.cwd = row.text("cwd");
  if (!row.isNull("exitCode")) command.exitCode = row.small("exitCode");
  command.signal = row.text("signal");
  command.createdAt = row.time("createdAt");
  command.finishedAt = row.maybeTime("finishedAt");
  return command;
}

void bindRecord(Query& query, const SandboxRecord& record) {
  query.bind(":sandboxId", record.sandboxId.value)
      .bind(":provider", record.provider)
      .bind(":externalSandboxId", record.externalSandboxId.value)
      .bind(":provisionKey", record.provisionKey)
      .bind(":generation", record.generation)
      .bind(":status", std::string(toString(record.status)))
      .bind(":sandboxUrl", record.sandboxUrl)
      .bind(":timeoutMs", std::int64_t{record.timeout.count()})
      .bind(":purpose", record.config.purpose)
      .bind(":config", json::serialize(toJson(record.config)))
      .bind(":configHash", record.configHash)
      .bind(":connection", json::serialize(record.connection))
      .bind(":error", record.error ? std::optional(errorText(*record.error)) : std::nullopt)
      .bind(":leaseOwner", record.leaseOwner)
      .bind(":leaseToken", record.leaseToken)
      .bind(":leaseExpiresAt", record.leaseExpiresAt)
      .bind(":lastUsedAt", record.lastUsedAt)
      .bind(":createdAt", record.createdAt)
      .bind(":updatedAt", record.updatedAt)
      .bind(":shutdownAt", record.shutdownAt);
}

void bindEvent(Query& query, const SandboxEvent& event) {
  query.bind(":sandboxId", event.sandboxId.value)
      .bind(":at", event.at)
      .bind(":generation", event.generation)
      .bind(":from", event.from ? std::optional(std::string(toString(*event.from))) : std::nullopt)
      .bind(":to", std::string(toString(event.to)))
      .bind(":reason", std::string(toString(event.reason)))
      .bind(":detail", event.detail);
}

void bindDebt(Query& query, const Debt& debt) {
  query.bind(":sandboxId", debt.sandboxId.value)
      .bind(":kind", std::string(toString(debt.kind)))
      .bind(":provider", debt.provider)
      .bind(":provisionKey", debt.provisionKey)
      .bind(":externalSandboxId", debt.externalSandboxId.value)
      .bind(":generation", debt.generation)
      .bind(":attempts", debt.attempts)
      .bind(":lastError", debt.lastError)
      .bind(":createdAt", debt.createdAt);
}

void bindCommand(Query& query, const CommandRecord& command) {
  query.bind(":commandId", command.commandId.value)
      .bind(":sandboxId", command.sandboxId.value)
      .bind(":generation", command.generation)
      .bind(":externalCommandId", command.externalCommandId.value)
      .bind(":status", std::string(toString(command.status)))
      .bindBytes(":program", command.program)
      .bindBytes(":args", joined(command.args))
      .bindBytes(":cwd", command.cwd)
      .bind(":exitCode", command.exitCode)
      .bind(":signal", command.signal)
      .bind(":createdAt", command.createdAt)
      .bind(":finishedAt", command.finishedAt);
}

}  // namespace mooring::sqlite
