#include <mooring/detail/json_text.hpp>
#include <mooring/record.hpp>

#include <boost/json/array.hpp>

namespace json = boost::json;

namespace mooring {
namespace {

json::value optionalTime(const std::optional<Timestamp>& at) {
  return at ? json::value(toString(*at)) : json::value(nullptr);
}

}  // namespace

bool transitionAllowed(SandboxStatus from, SandboxStatus to) {
  if (from == to) return true;
  switch (from) {
    case SandboxStatus::creating:
      return to != SandboxStatus::creating;
    case SandboxStatus::active:
      return to == SandboxStatus::recreating || to == SandboxStatus::shutdown;
    case SandboxStatus::recreating:
      return to == SandboxStatus::active || to == SandboxStatus::error || to == SandboxStatus::shutdown;
    case SandboxStatus::shutdown:
      return to == SandboxStatus::recreating || to == SandboxStatus::active;
    case SandboxStatus::error:
      return to == SandboxStatus::recreating || to == SandboxStatus::shutdown;
  }
  return false;
}

json::object toJson(const SandboxRecord& record) {
  json::object out;
  out["sandboxId"] = record.sandboxId.value;
  out["provider"] = detail::bytesToJson(record.provider);
  out["externalSandboxId"] = detail::bytesToJson(record.externalSandboxId.value);
  out["provisionKey"] = record.provisionKey;
  out["generation"] = record.generation;
  out["status"] = toString(record.status);
  out["version"] = record.version;
  out["sandboxUrl"] = detail::bytesToJson(record.sandboxUrl);
  out["timeoutMs"] = record.timeout.count();
  out["purpose"] = detail::bytesToJson(record.config.purpose);
  out["config"] = toJson(record.config);
  out["configHash"] = record.configHash;
  out["connection"] = record.connection;
  out["error"] = nullptr;
  if (record.error) {
    out["error"] = json::object{{"code", toString(record.error->code)},
                                {"message", detail::bytesToJson(record.error->message)},
                                {"at", toString(record.error->at)}};
  }
  out["leaseOwner"] = detail::bytesToJson(record.leaseOwner);
  out["leaseToken"] = record.leaseToken;
  out["leaseExpiresAt"] = optionalTime(record.leaseExpiresAt);
  out["lastUsedAt"] = toString(record.lastUsedAt);
  out["createdAt"] = toString(record.createdAt);
  out["updatedAt"] = toString(record.updatedAt);
  out["shutdownAt"] = optionalTime(record.shutdownAt);
  return out;
}

json::object toJson(const SandboxEvent& event) {
  json::object out;
  out["seq"] = event.seq;
  out["sandboxId"] = event.sandboxId.value;
  out["at"] = toString(event.at);
  out["generation"] = event.generation;
  out["from"] = event.from ? json::value(toString(*event.from)) : json::value(nullptr);
  out["to"] = toString(event.to);
  out["reason"] = toString(event.reason);
  out["detail"] = detail::bytesToJson(event.detail);
  return out;
}

json::object toJson(const CommandRecord& command) {
  json::object out;
  out["commandId"] = command.commandId.value;
  out["sandboxId"] = command.sandboxId.value;
  out["generation"] = command.generation;
  out["externalCommandId"] = detail::bytesToJson(command.externalCommandId.value);
  out["status"] = toString(command.status);
  out["program"] = detail::bytesToJson(command.program);
  json::array args;
  for (const auto& arg : command.args)
    args.push_back(detail::bytesToJson(arg));
  out["args"] = std::move(args);
  out["cwd"] = detail::bytesToJson(command.cwd);
  out["exitCode"] = command.exitCode ? json::value(*command.exitCode) : json::value(nullptr);
  out["signal"] = detail::bytesToJson(command.signal);
  out["createdAt"] = toString(command.createdAt);
  out["finishedAt"] = optionalTime(command.finishedAt);
  return out;
}

}  // namespace mooring
