#include "sandbox.hpp"

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

json::object textMap(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, text] : texts)
    object[name] = text;
  return object;
}

}  // namespace

json::object toListItem(const SandboxFacts& facts, State state, const std::string& toolboxUrl) {
  json::object object;
  object["id"] = facts.id;
  object["organizationId"] = facts.organizationId;
  object["name"] = facts.name;
  if (!facts.snapshot.empty()) object["snapshot"] = facts.snapshot;
  object["user"] = facts.user;
  object["labels"] = textMap(facts.labels);
  object["public"] = facts.isPublic;
  object["networkBlockAll"] = facts.networkBlockAll;
  if (facts.networkAllowList) object["networkAllowList"] = *facts.networkAllowList;
  if (facts.domainAllowList) object["domainAllowList"] = *facts.domainAllowList;
  object["target"] = facts.target;
  object["cpu"] = facts.cpu;
  object["gpu"] = 0;
  object["memory"] = facts.memory;
  object["disk"] = facts.disk;
  object["state"] = toString(state);
  object["desiredState"] = toString(facts.desired);
  if (!facts.errorReason.empty()) object["errorReason"] = facts.errorReason;
  object["recoverable"] = facts.recoverable;
  object["backupState"] = "None";
  object["autoStopInterval"] = facts.autoStop;
  if (facts.autoPause) object["autoPauseInterval"] = *facts.autoPause;
  object["autoArchiveInterval"] = facts.autoArchive;
  object["autoDeleteInterval"] = facts.autoDelete;
  if (facts.autoDestroyAt) object["autoDestroyAt"] = toString(*facts.autoDestroyAt);
  object["createdAt"] = toString(facts.createdAt);
  object["updatedAt"] = toString(facts.updatedAt);
  object["lastActivityAt"] = toString(facts.lastActivityAt);
  object["sandboxClass"] = "container";
  object["daemonVersion"] = facts.daemonVersion;
  object["runnerId"] = "runner-1";
  object["toolboxProxyUrl"] = toolboxUrl;
  return object;
}

json::object toJson(const SandboxFacts& facts, State state, const std::string& toolboxUrl) {
  auto object = toListItem(facts, state, toolboxUrl);
  object["env"] = textMap(facts.env);
  json::array volumes;
  for (const auto& mount : facts.volumes) {
    json::object volume;
    volume["volumeId"] = mount.volumeId;
    volume["mountPath"] = mount.mountPath;
    volumes.emplace_back(std::move(volume));
  }
  object["volumes"] = std::move(volumes);
  if (!facts.buildInfo.empty()) object["buildInfo"] = facts.buildInfo;
  return object;
}

}  // namespace mooring::daytona::emulator
