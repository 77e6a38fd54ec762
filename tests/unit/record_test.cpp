#include <mooring/detail/json_text.hpp>
#include <mooring/record.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

using namespace mooring;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const Timestamp noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

template <class T>
std::set<std::string> keysOf(const T& value) {
  std::set<std::string> out;
  for (const auto& member : toJson(value))
    out.insert(member.key());
  return out;
}

}  // namespace

TEST_CASE("record/transitions: exactly the arrows of the design, and staying", "[unit][record]") {
  using enum SandboxStatus;
  const std::set<std::pair<SandboxStatus, SandboxStatus>> arrows = {
      {creating, active},
      {creating, error},
      {creating, recreating},
      {creating, shutdown},
      {active, recreating},
      {active, shutdown},
      {error, recreating},
      {error, shutdown},
      {recreating, active},
      {recreating, error},
      {recreating, shutdown},
      {shutdown, recreating},
      {shutdown, active},
  };
  for (const auto& [from, fromText] : detail::EnumText<SandboxStatus>::entries) {
    for (const auto& [to, toText] : detail::EnumText<SandboxStatus>::entries) {
      INFO(fromText << " to " << toText);
      CHECK(transitionAllowed(from, to) == (from == to || arrows.contains({from, to})));
    }
  }
}

TEST_CASE("record/json: keys are the members, times are RFC 3339, what is not set is null",
          "[unit][record]") {
  SandboxRecord record;
  record.sandboxId = SandboxId("0197-1");
  record.provider = "local";
  record.timeout = 1500ms;
  record.leaseToken = 3;
  record.lastUsedAt = record.createdAt = record.updatedAt = noon;
  record.config.purpose = "parse";
  CHECK(
      json::serialize(toJson(record)) ==
      R"({"sandboxId":"0197-1","provider":"local","externalSandboxId":"","provisionKey":"","generation":1,)"
      R"("status":"creating","version":0,"sandboxUrl":"","timeoutMs":1500,"purpose":"parse",)"
      R"("config":{"schema":1,"purpose":"parse"},"configHash":"","connection":{},"error":null,"leaseOwner":"",)"
      R"("leaseToken":3,"leaseExpiresAt":null,"lastUsedAt":"2026-01-31T12:00:00.000Z",)"
      R"("createdAt":"2026-01-31T12:00:00.000Z","updatedAt":"2026-01-31T12:00:00.000Z","shutdownAt":null})");

  record.error = RecordError{.code = Errc::quotaExceeded, .message = "no", .at = noon + 1ms};
  record.leaseExpiresAt = noon;
  record.shutdownAt = noon;
  const auto full = toJson(record);
  CHECK(json::serialize(full.at("error")) ==
        R"({"code":"quotaExceeded","message":"no","at":"2026-01-31T12:00:00.001Z"})");
  CHECK(full.at("shutdownAt") == "2026-01-31T12:00:00.000Z");
  CHECK(full.at("leaseExpiresAt") == "2026-01-31T12:00:00.000Z");
}

TEST_CASE("record/json: an event and a command show every member", "[unit][record]") {
  SandboxEvent event;
  CHECK(keysOf(event) ==
        std::set<std::string>{"seq", "sandboxId", "at", "generation", "from", "to", "reason", "detail"});
  CHECK(toJson(event).at("from").is_null());
  event.from = SandboxStatus::active;
  CHECK(toJson(event).at("from") == "active");

  CommandRecord command;
  command.args = {"a", "\xff"};
  CHECK(keysOf(command) == std::set<std::string>{"commandId",
                                                 "sandboxId",
                                                 "generation",
                                                 "externalCommandId",
                                                 "status",
                                                 "program",
                                                 "args",
                                                 "cwd",
                                                 "exitCode",
                                                 "signal",
                                                 "createdAt",
                                                 "finishedAt"});
  CHECK(json::serialize(toJson(command).at("args")) == R"(["a",{"base64":"/w=="}])");
  CHECK(toJson(command).at("exitCode").is_null());
  command.exitCode = 0;
  CHECK(toJson(command).at("exitCode") == 0);
}

TEST_CASE("record/json: it is JSON whatever a provider or a command has said", "[unit][record]") {
  const std::string raw = "\xff\xc3\x28 \"'\n";
  SandboxRecord record;
  record.externalSandboxId = ExternalSandboxId(raw);
  record.sandboxUrl = record.leaseOwner = record.provider = raw;
  record.error = RecordError{.code = Errc::unavailable, .message = raw, .at = noon};
  SandboxEvent event;
  event.detail = raw;
  CommandRecord command;
  command.program = command.cwd = command.signal = raw;
  command.externalCommandId = ExternalCommandId(raw);
  for (const auto& form : {toJson(record), toJson(event), toJson(command)}) {
    json::error_code ec;
    CHECK(json::parse(json::serialize(form), ec) == json::value(form));
    CHECK_FALSE(ec);
  }
}
