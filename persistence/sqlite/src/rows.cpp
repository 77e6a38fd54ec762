#include "rows.hpp"

#include "errors.hpp"

#include <SQLiteCpp/Column.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace json = boost::json;

namespace mooring::sqlite {
namespace {

/// Reads one row, and says which column of which row it could not read.
class Row {
 public:
  Row(SQLite::Statement& statement, std::string table, const char* key)
      : statement_(statement), name_(std::move(table) + " " + statement.getColumn(key).getString()) {}

  [[noreturn]] void bad(const char* column, const std::string& why) const {
    throw BadRow{"row " + name_ + ", column " + column + ": " + why};
  }

  std::string text(const char* column) { return statement_.getColumn(column).getString(); }
  std::int64_t integer(const char* column) { return statement_.getColumn(column).getInt64(); }
  int small(const char* column) { return statement_.getColumn(column).getInt(); }
  bool isNull(const char* column) { return statement_.getColumn(column).isNull(); }
  Timestamp time(const char* column) { return Timestamp(std::chrono::milliseconds(integer(column))); }
  std::optional<Timestamp> maybeTime(const char* column) {
    return isNull(column) ? std::nullopt : std::optional(time(column));
  }
  std::string bytes(const char* column) { return text(column); }

  template <class E>
  E named(const char* column) {
    const auto value = text(column);
    const auto parsed = parseEnum<E>(value);
    if (!parsed) bad(column, "\"" + value + "\" is not one of: " + enumChoices<E>());
    return *parsed;
  }

  json::value parsed(const char* column) {
    json::error_code ec;
    auto value = json::parse(text(column), ec);
    if (ec) bad(column, "is not JSON: " + ec.message());
    return value;
  }
  json::object object(const char* column) {
    auto value = parsed(column);
    if (!value.is_object()) bad(column, "is not a JSON object");
    return std::move(value.get_object());
  }

 private:
  SQLite::Statement& statement_;
  std::string name_;
};

std::optional<RecordError> readError(Row& row) {
  if (row.isNull("error")) return std::nullopt;
  const auto object = row.object("error");
  RecordError error;
  const auto* code = object.if_contains("code");
  const auto* message = object.if_contains("message");
  const auto* at = object.if_contains("at");
  if (code == nullptr || !code->is_string() || message == nullptr || !message->is_string() || at == nullptr ||
      !at->is_int64()) {
    row.bad("error", "lacks code, message or at");
  }
  const auto parsed = parseEnum<Errc>(std::string_view(code->get_string()));
  if (!parsed) row.bad("error", "has an unknown code");
  error.code = *parsed;
  error.message = message->get_string();
  error.at = Timestamp(std::chrono::milliseconds(at->get_int64()));
  return error;
}

/// Arguments are bytes: each is stored with a NUL behind it, which none can hold.
std::string joined(const std::vector<std::string>& args) {
  std::string out;
  for (const auto& arg : args) {
    out += arg;
    out += '\0';
  }
  return out;
}

std::vector<std::string> split(const std::string& bytes) {
  std::vector<std::string> out;
  std::size_t start = 0;
  while (start < bytes.size()) {
    const auto end = bytes.find('\0', start);
    if (end == std::string::npos) throw BadRow{"a commands row has arguments without an end"};
    out.push_back(bytes.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

std::int64_t count(Timestamp at) { return at.time_since_epoch().count(); }

void bind(SQLite::Statement& statement, const char* name, const std::optional<Timestamp>& at) {
  if (at) {
    statement.bind(name, count(*at));
  } else {
    statement.bind(name);
  }
}

void bindBytes(SQLite::Statement& statement, const char* name, const std::string& bytes) {
  statement.bind(name, bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

SandboxRecord readRecord(SQLite::Statement& statement) {
  Row row(statement, "sandboxes", "sandboxId");
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
  auto config = parseConfig(row.parsed("config"));
  if (!config) row.bad("config", config.error().message);
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

SandboxEvent readEvent(SQLite::Statement& statement) {
  Row row(statement, "sandbox_events", "seq");
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

Debt readDebt(SQLite::Statement& statement) {
  Row row(statement, "debts", "seq");
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

CommandRecord readCommand(SQLite::Statement& statement) {
  Row row(statement, "commands", "commandId");
  CommandRecord command;
  command.commandId = CommandId(row.text("commandId"));
  command.sandboxId = SandboxId(row.text("sandboxId"));
  command.generation = row.small("generation");
  command.externalCommandId = ExternalCommandId(row.text("externalCommandId"));
  command.status = row.named<CommandStatus>("status");
  command.program = row.bytes("program");
  command.args = split(row.bytes("args"));
  command.cwd = row.bytes("cwd");
  if (!row.isNull("exitCode")) command.exitCode = row.small("exitCode");
  command.signal = row.text("signal");
  command.createdAt = row.time("createdAt");
  command.finishedAt = row.maybeTime("finishedAt");
  return command;
}

void bindRecord(SQLite::Statement& statement, const SandboxRecord& record) {
  const auto& config = record.config;
  statement.bind(":sandboxId", record.sandboxId.value);
  statement.bind(":provider", record.provider);
  statement.bind(":externalSandboxId", record.externalSandboxId.value);
  statement.bind(":provisionKey", record.provisionKey);
  statement.bind(":generation", record.generation);
  statement.bind(":status", std::string(toString(record.status)));
  statement.bind(":sandboxUrl", record.sandboxUrl);
  statement.bind(":timeoutMs", std::int64_t{record.timeout.count()});
  statement.bind(":runtime", config.runtime);
  if (config.resources.vcpus) {
    statement.bind(":vcpus", *config.resources.vcpus);
  } else {
    statement.bind(":vcpus");
  }
  statement.bind(":ports", json::serialize(json::array(config.ports.begin(), config.ports.end())));
  statement.bind(":purpose", config.purpose);
  statement.bind(":params", json::serialize(config.params));
  statement.bind(":config", json::serialize(toJson(config)));
  statement.bind(":configHash", record.configHash);
  statement.bind(":connection", json::serialize(record.connection));
  if (record.error) {
    const json::object error{{"code", toString(record.error->code)},
                             {"message", record.error->message},
                             {"at", count(record.error->at)}};
    statement.bind(":error", json::serialize(error));
  } else {
    statement.bind(":error");
  }
  statement.bind(":leaseOwner", record.leaseOwner);
  statement.bind(":leaseToken", record.leaseToken);
  bind(statement, ":leaseExpiresAt", record.leaseExpiresAt);
  statement.bind(":lastUsedAt", count(record.lastUsedAt));
  statement.bind(":createdAt", count(record.createdAt));
  statement.bind(":updatedAt", count(record.updatedAt));
  bind(statement, ":shutdownAt", record.shutdownAt);
}

void bindEvent(SQLite::Statement& statement, const SandboxEvent& event) {
  statement.bind(":sandboxId", event.sandboxId.value);
  statement.bind(":at", count(event.at));
  statement.bind(":generation", event.generation);
  if (event.from) {
    statement.bind(":from", std::string(toString(*event.from)));
  } else {
    statement.bind(":from");
  }
  statement.bind(":to", std::string(toString(event.to)));
  statement.bind(":reason", std::string(toString(event.reason)));
  statement.bind(":detail", event.detail);
}

void bindDebt(SQLite::Statement& statement, const Debt& debt) {
  statement.bind(":sandboxId", debt.sandboxId.value);
  statement.bind(":kind", std::string(toString(debt.kind)));
  statement.bind(":provider", debt.provider);
  statement.bind(":provisionKey", debt.provisionKey);
  statement.bind(":externalSandboxId", debt.externalSandboxId.value);
  statement.bind(":generation", debt.generation);
  statement.bind(":attempts", debt.attempts);
  statement.bind(":lastError", debt.lastError);
  statement.bind(":createdAt", count(debt.createdAt));
}

void bindCommand(SQLite::Statement& statement, const CommandRecord& command) {
  statement.bind(":commandId", command.commandId.value);
  statement.bind(":sandboxId", command.sandboxId.value);
  statement.bind(":generation", command.generation);
  statement.bind(":externalCommandId", command.externalCommandId.value);
  statement.bind(":status", std::string(toString(command.status)));
  bindBytes(statement, ":program", command.program);
  bindBytes(statement, ":args", joined(command.args));
  bindBytes(statement, ":cwd", command.cwd);
  if (command.exitCode) {
    statement.bind(":exitCode", *command.exitCode);
  } else {
    statement.bind(":exitCode");
  }
  statement.bind(":signal", command.signal);
  statement.bind(":createdAt", count(command.createdAt));
  bind(statement, ":finishedAt", command.finishedAt);
}

}  // namespace mooring::sqlite
