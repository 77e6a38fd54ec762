#include "definition.hpp"

#include <boost/json/array.hpp>

#include <utility>

namespace json = boost::json;

namespace mooring::daytona {

namespace {

/// The vendor's own SDKs choose the interpreter of their code runs by it.
constexpr const char* languageLabel = "code-toolbox-language";

json::object objectOf(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts)
    object[name] = value;
  return object;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts)
    out += (out.empty() ? "" : ",") + text;
  return out;
}

void put(json::object& body, const char* name, const std::string& text) {
  if (!text.empty()) body[name] = text;
}

void put(json::object& body, const char* name, const std::optional<std::int64_t>& number) {
  if (number) body[name] = *number;
}

json::array mountsOf(const Definition& definition, const std::map<std::string, std::string>& volumeIds) {
  json::array mounts;
  for (const auto& volume : definition.volumes) {
    json::object mount{{"volumeId", volumeIds.at(volume.mountPath)}, {"mountPath", volume.mountPath}};
    const auto subpath = definition.subpaths.find(volume.mountPath);
    if (subpath != definition.subpaths.end()) mount["subpath"] = subpath->second;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace

json::object createBody(const Definition& definition,
                        const std::string& name,
                        const std::string& ownerTag,
                        const std::map<std::string, std::string>& volumeIds) {
  auto labels = definition.labels;
  labels.emplace(languageLabel, toString(definition.language));
  labels.insert_or_assign(std::string(ownerLabel), ownerTag);

  json::object body{{"name", name}, {"labels", objectOf(labels)}};
  put(body, "snapshot", definition.snapshot);
  if (!definition.dockerfile.empty())
    body["buildInfo"] = json::object{{"dockerfileContent", definition.dockerfile}};
  put(body, "user", definition.user);
  put(body, "target", definition.target);
  // Left out when empty: with variables, a user or volumes no sandbox that stands ready can be handed out.
  if (!definition.env.empty()) body["env"] = objectOf(definition.env);
  if (definition.isPublic) body["public"] = true;
  put(body, "autoStopInterval", definition.autoStopMinutes);
  put(body, "autoArchiveInterval", definition.autoArchiveMinutes);
  put(body, "autoDeleteInterval", definition.autoDeleteMinutes);
  put(body, "ttlMinutes", definition.lifetimeMinutes);
  put(body, "cpu", definition.cpu);
  put(body, "memory", definition.memoryGib);
  put(body, "disk", definition.diskGib);
  if (definition.networkBlocked) body["networkBlockAll"] = true;
  put(body, "networkAllowList", joined(definition.allowedBlocks));
  put(body, "domainAllowList", joined(definition.allowedDomains));
  if (!definition.volumes.empty()) body["volumes"] = mountsOf(definition, volumeIds);
  return body;
}

}  // namespace mooring::daytona
