#include "samples.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace json = boost::json;
using namespace std::chrono_literals;

namespace mooring::test {
namespace {

std::string numbered(int n) {
  const auto digits = std::to_string(n);
  return "00000000-0000-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

SandboxConfig fullConfig() {
  SandboxConfig config;
  config.provider = "local";
  config.runtime = "python3.12";
  config.image = "debian:12";
  config.timeout = 15min;
  config.idleTimeout = 90s;
  config.ports = {80, 65535};
  config.resources = {.vcpus = 2, .memoryMib = 4096, .diskGib = 10};
  config.env = {{"EMPTY", ""}, {"QUOTED", "it's \"quoted\"\n\\"}, {"RAW", "\xff\xfe raw"}};
  config.secretEnv = {"API_TOKEN"};
  config.labels = {{"team", "grün 🚢"}};
  config.volumes = {{.name = "data.1", .mountPath = "/data", .readOnly = true}};
  config.network = {.mode = NetworkMode::allowList, .allow = {"example.com", "10.0.0.0/8"}};
  config.ephemeral = true;
  config.purpose = "o'parse; DROP TABLE sandboxes --";
  config.params = {{"ratio", 0.1 + 0.2},
                   {"tiny", 5e-324},
                   {"big", 1.7976931348623157e308},
                   {"count", 9223372036854775807},
                   {"huge", 18446744073709551615U},
                   {"list", json::array{nullptr, true, "x", json::object{}}}};
  SetupCommand install{
      .program = "pip", .args = {"install", "a b", ""}, .cwd = "/srv", .env = {{"A", "b"}}, .timeout = 5s};
  SetupUpload inlined{.path = "/etc/raw", .content = std::string("\0\xff\n", 3), .mode = 0600};
  SetupUpload tree{.path = "/srv/tree", .source = "/home/me/tree"};
  config.setup = {install, inlined, tree};
  config.recreate = RecreatePolicy::always;
  config.needs = {Capability::volumes, Capability::resume};
  config.options = {{"local", json::object{{"root", "/tmp/x"}}}};
  return config;
}

}  // namespace

Timestamp at(int second) { return Timestamp(std::chrono::milliseconds(1'769'860'800'123 + 1000LL * second)); }
SandboxId sandboxId(int n) { return SandboxId(numbered(n)); }
CommandId commandId(int n) { return CommandId(numbered(n)); }

SandboxRecord plainRecord(int n) {
  SandboxRecord record;
  record.sandboxId = sandboxId(n);
  record.provider = "local";
  record.provisionKey = "mooring-" + std::to_string(n) + "-g1";
  record.configHash = configHash(record.config);
  record.lastUsedAt = record.createdAt = record.updatedAt = at(n);
  return record;
}

SandboxRecord fullRecord(int n) {
  auto record = plainRecord(n);
  record.externalSandboxId = ExternalSandboxId("ext/" + std::to_string(n) + " 'ü'");
  record.generation = 7;
  record.status = SandboxStatus::error;
  record.sandboxUrl = "https://example.com/?a=b&c";
  record.timeout = 20min;
  record.config = fullConfig();
  record.configHash = configHash(record.config);
  record.connection = {{"host", "h"},
                       {"nested", json::object{{"port", 22}, {"weights", json::array{0.1, -0.0}}}}};
  record.error = RecordError{.code = Errc::quotaExceeded, .message = "line \"1\"\n\xc3\x28 raw", .at = at(1)};
  record.leaseOwner = "host:1:abc";
  record.leaseToken = 41;
  record.leaseExpiresAt = at(100);
  record.lastUsedAt = at(5);
  record.createdAt = at(-5);
  record.updatedAt = at(6);
  record.shutdownAt = at(7);
  return record;
}

SandboxEvent plainEvent(int n, EventReason reason) {
  SandboxEvent event;
  event.sandboxId = sandboxId(n);
  event.at = at(n);
  event.generation = 2;
  event.from = SandboxStatus::creating;
  event.to = SandboxStatus::active;
  event.reason = reason;
  event.detail = "said 'no' \xff";
  return event;
}

Debt plainDebt(int n) {
  Debt debt;
  debt.sandboxId = sandboxId(n);
  debt.kind = DebtKind::stop;
  debt.provider = "local";
  debt.provisionKey = "mooring-" + std::to_string(n) + "-g1";
  debt.externalSandboxId = ExternalSandboxId("ext");
  debt.generation = 3;
  debt.attempts = 1;
  debt.lastError = "unavailable: later";
  debt.createdAt = at(n);
  return debt;
}

CommandRecord plainCommand(int n, int command) {
  CommandRecord out;
  out.commandId = commandId(command);
  out.sandboxId = sandboxId(n);
  out.generation = 2;
  out.program = "/bin/\xffprintf";
  out.args = {"", "a b", "\x01\xff\xfe", "it's", "-n", ""};
  out.cwd = "/srv/\xc3";
  out.createdAt = at(command);
  return out;
}

json::object toJson(const Debt& debt) {
  return {{"seq", debt.seq},
          {"sandboxId", debt.sandboxId.value},
          {"kind", toString(debt.kind)},
          {"provider", debt.provider},
          {"provisionKey", debt.provisionKey},
          {"externalSandboxId", debt.externalSandboxId.value},
          {"generation", debt.generation},
          {"attempts", debt.attempts},
          {"lastError", debt.lastError},
          {"createdAt", toString(debt.createdAt)}};
}

std::string text(const SandboxRecord& record) { return json::serialize(mooring::toJson(record)); }
std::string text(const SandboxEvent& event) { return json::serialize(mooring::toJson(event)); }
std::string text(const Debt& debt) { return json::serialize(toJson(debt)); }
std::string text(const CommandRecord& command) { return json::serialize(mooring::toJson(command)); }

}  // namespace mooring::test
