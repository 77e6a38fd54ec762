#include "wire.hpp"

#include "limits.hpp"

namespace mooring::vercel::emulated {

namespace json = boost::json;

namespace {

template <class T>
void putIf(json::object& object, std::string_view name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

void putIf(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

json::object textsJson(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts)
    object[name] = value;
  return object;
}

json::array listJson(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts)
    array.emplace_back(text);
  return array;
}

/// Images, too, show a runtime.
std::string shownRuntime(const Settings& settings) {
  return settings.runtime.empty() ? std::string("node22") : settings.runtime;
}

Millis ranFor(const Session& session, Millis now) {
  return session.startedAt == 0 ? 0 : session.stoppedAt.value_or(now) - session.startedAt;
}

void putCounters(json::object& object, const Sandbox& sandbox, Millis now) {
  Millis total = 0;
  for (const auto& session : sandbox.sessions)
    total += ranFor(*session, now);
  object["totalEgressBytes"] = 0;
  object["totalIngressBytes"] = 0;
  object["totalActiveCpuDurationMs"] = 0;
  object["totalDurationMs"] = total;
}

void putMounts(json::object& object, const Settings& settings) {
  if (settings.mounts.empty()) return;
  json::object mounts;
  for (const auto& [path, mount] : settings.mounts) {
    json::object shown;
    shown["drive"] = mount.drive;
    shown["mode"] = toString(mount.mode);
    mounts[path] = std::move(shown);
  }
  object["mounts"] = std::move(mounts);
}

void putRetention(json::object& object, const Settings& settings) {
  putIf(object, "snapshotExpiration", settings.snapshotExpiration);
  if (!settings.keepLast) return;
  json::object keep;
  keep["count"] = settings.keepLast->count;
  putIf(keep, "expiration", settings.keepLast->expiration);
  putIf(keep, "deleteEvicted", settings.keepLast->deleteEvicted);
  object["keepLastSnapshots"] = std::move(keep);
}

}  // namespace

json::object sandboxJson(const Sandbox& sandbox, Millis now, bool counters) {
  const auto& settings = sandbox.settings;
  const auto& session = *sandbox.current();
  json::object object;
  object["name"] = sandbox.name;
  object["currentSessionId"] = session.id;
  object["status"] = toString(session.status);
  object["statusUpdatedAt"] = sandbox.statusUpdatedAt;
  object["persistent"] = settings.persistent;
  object["region"] = settings.region;
  object["failoverRegions"] = listJson(settings.failoverRegions);
  object["vcpus"] = settings.vcpus;
  object["memory"] = settings.vcpus * memoryOfVcpu;
  object["runtime"] = shownRuntime(settings);
  object["architecture"] = "amd64";
  if (settings.runtime.empty()) object["image"] = settings.image;
  object["timeout"] = settings.timeout;
  object["cwd"] = session.cwd;
  putIf(object, "networkId", settings.networkId);
  if (settings.networkPolicy) object["networkPolicy"] = settings.networkPolicy->answer;
  if (!settings.tags.empty()) object["tags"] = textsJson(settings.tags);
  putMounts(object, settings);
  putRetention(object, settings);
  putIf(object, "currentSnapshotId", sandbox.currentSnapshotId);
  if (session.status == Status::running) object["expiresAt"] = session.startedAt + session.settings.timeout;
  if (counters) putCounters(object, sandbox, now);
  object["createdAt"] = sandbox.createdAt;
  object["updatedAt"] = sandbox.updatedAt;
  return object;
}

json::object sessionJson(const Session& session, Millis now) {
  const auto& settings = session.settings;
  json::object object;
  object["id"] = session.id;
  object["runtime"] = shownRuntime(settings);
  object["architecture"] = "amd64";
  object["status"] = toString(session.status);
  object["vcpus"] = settings.vcpus;
  object["memory"] = settings.vcpus * memoryOfVcpu;
  object["timeout"] = settings.timeout;
  object["region"] = settings.region;
  object["cwd"] = session.cwd;
  object["requestedAt"] = session.requestedAt;
  if (session.startedAt != 0) object["startedAt"] = session.startedAt;
  putIf(object, "requestedStopAt", session.requestedStopAt);
  putIf(object, "stoppedAt", session.stoppedAt);
  putIf(object, "abortedAt", session.abortedAt);
  putIf(object, "snapshottedAt", session.snapshottedAt);
  putIf(object, "sourceSnapshotId", session.sourceSnapshotId);
  if (settings.networkPolicy) object["networkPolicy"] = settings.networkPolicy->answer;
  if (session.over()) {
    object["duration"] = ranFor(session, now);
    object["activeCpuDurationMs"] = 0;
    json::object transfer;
    transfer["ingress"] = 0;
    transfer["egress"] = 0;
    object["networkTransfer"] = std::move(transfer);
  }
  object["sourceSandboxName"] = session.sandboxName;
  object["projectId"] = session.scope.project;
  object["createdAt"] = session.requestedAt;
  object["updatedAt"] = session.updatedAt;
  return object;
}

json::array routesJson(const Sandbox& sandbox) {
  json::array routes;
  for (const auto& route : sandbox.routes) {
    json::object shown;
    shown["url"] = route.url;
    shown["subdomain"] = route.subdomain;
    shown["port"] = route.port;
    routes.push_back(std::move(shown));
  }
  return routes;
}

json::object commandJson(const CommandRun& command) {
  json::object object;
  object["id"] = command.id;
  object["name"] = command.program;
  object["args"] = listJson(command.args);
  object["cwd"] = command.cwd;
  object["sessionId"] = command.sessionId;
  object["startedAt"] = command.startedAt;
  object["exitCode"] = nullptr;
  if (command.exitCode) {
    object["exitCode"] = *command.exitCode;
    object["durationMs"] = command.durationMs;
  }
  return object;
}

json::object begunCommandJson(const CommandRun& command) {
  auto object = commandJson(command);
  object["exitCode"] = nullptr;
  object.erase("durationMs");
  return object;
}

json::object snapshotJson(const Snapshot& snapshot) {
  json::object object;
  object["id"] = snapshot.id;
  object["sourceSessionId"] = snapshot.sourceSessionId;
  object["region"] = snapshot.region;
  object["regions"] = json::array{snapshot.region};
  object["architecture"] = "amd64";
  object["status"] = snapshot.status;
  object["sizeBytes"] = snapshot.sizeBytes;
  object["creationMethod"] = snapshot.automatic ? "automatic" : "manual";
  putIf(object, "parentId", snapshot.parentId);
  putIf(object, "expiresAt", snapshot.expiresAt());
  object["lastUsedAt"] = snapshot.lastUsedAt;
  object["createdAt"] = snapshot.createdAt;
  object["updatedAt"] = snapshot.updatedAt;
  return object;
}

json::object driveJson(const Drive& drive, const std::string& holder) {
  json::object object;
  object["id"] = drive.id;
  object["name"] = drive.name;
  object["projectId"] = drive.scope.project;
  object["region"] = drive.region;
  object["maxSizeBytes"] = drive.maxSizeBytes;
  putIf(object, "currentSessionId", drive.writer);
  putIf(object, "currentSandboxName", holder);
  object["createdAt"] = drive.createdAt;
  object["updatedAt"] = drive.updatedAt;
  return object;
}

json::object placeJson(const Sandbox& sandbox, Millis now) {
  json::object object;
  object["sandbox"] = sandboxJson(sandbox, now, false);
  object["session"] = sessionJson(*sandbox.current(), now);
  object["routes"] = routesJson(sandbox);
  return object;
}

}  // namespace mooring::vercel::emulated
