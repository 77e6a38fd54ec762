#include "definition.hpp"
#include "errors.hpp"

#include <boost/json/array.hpp>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

json::object objectOf(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts)
    object[name] = value;
  return object;
}

json::object sourceOf(const Source& source, const GitLogin& login) {
  json::object out{{"type", toString(source.type)}};
  switch (source.type) {
    case SourceType::git:
      out["url"] = source.url;
      if (source.depth > 0) out["depth"] = source.depth;
      if (!source.revision.empty()) out["revision"] = source.revision;
      if (!login.username.empty()) out["username"] = login.username.reveal();
      if (!login.password.empty()) out["password"] = login.password.reveal();
      break;
    case SourceType::tarball:
      out["url"] = source.url;
      break;
    case SourceType::snapshot:
      out["snapshotId"] = source.snapshotId;
      break;
  }
  return out;
}

json::object mountsOf(const std::vector<VolumeMount>& volumes) {
  json::object out;
  for (const auto& volume : volumes) {
    out[volume.mountPath] = json::object{{"drive", volume.name},
                                         {"mode", volume.readOnly ? "snapshot" : "read-write"}};
  }
  return out;
}

/// An address or a block is a subnet to Vercel, anything else a domain.
bool isSubnet(std::string_view text) {
  if (text.find('/') != std::string_view::npos || text.find(':') != std::string_view::npos) return true;
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<Secret> valueOf(const Settings& settings, const std::string& name) {
  if (name.empty()) return Secret();
  if (auto value = settings.secret(name)) return *value;
  return refuse(Errc::notConfigured,
                "options.vercel.source names the variable " + name + ", which is not set");
}

}  // namespace

Result<json::object> networkPolicyOf(const Network& network) {
  switch (network.mode) {
    case NetworkMode::open:
      return json::object();
    case NetworkMode::blocked:
      return json::object{{"mode", "deny-all"}};
    case NetworkMode::allowList:
      break;
  }
  json::array domains;
  json::array subnets;
  for (const auto& allowed : network.allow) {
    if (!isSubnet(allowed)) {
      domains.emplace_back(allowed);
      continue;
    }
    const bool block = allowed.find('/') != std::string::npos;
    const auto* const whole = allowed.find(':') != std::string::npos ? "/128" : "/32";
    subnets.emplace_back(block ? allowed : allowed + whole);
  }
  json::object policy{{"allow", std::move(domains)}};
  if (!subnets.empty()) policy["subnets"] = json::object{{"allow", std::move(subnets)}};
  return policy;
}

Result<GitLogin> loginFor(const Definition& definition, const Settings& settings) {
  GitLogin login;
  if (!definition.source) return login;
  auto username = valueOf(settings, definition.source->usernameVariable);
  if (!username) return std::unexpected(std::move(username).error());
  auto password = valueOf(settings, definition.source->passwordVariable);
  if (!password) return std::unexpected(std::move(password).error());
  login.username = std::move(*username);
  login.password = std::move(*password);
  return login;
}

std::string_view createPath(const Definition& definition) {
  return definition.runtime.empty() ? "/v3/sandboxes" : "/v2/sandboxes";
}

json::object createBody(const Definition& definition,
                        const Account& account,
                        const std::string& name,
                        const std::string& ownerTag,
                        const GitLogin& login) {
  auto tags = definition.labels;
  tags.insert_or_assign(std::string(ownerTagKey), ownerTag);
  // Whatever differs between versions of the API is said, so that their defaults do not matter.
  json::object body{{"projectId", account.projectId},
                    {"name", name},
                    {"ports", json::array(definition.ports.begin(), definition.ports.end())},
                    {"timeout", definition.timeout.count()},
                    {"persistent", definition.persistent},
                    {"snapshotExpiration", definition.snapshotExpirationMs},
                    {"tags", objectOf(tags)}};
  if (definition.keepLastSnapshots)
    body["keepLastSnapshots"] = json::object{{"count", *definition.keepLastSnapshots}};
  if (!definition.runtime.empty()) body["runtime"] = definition.runtime;
  if (!definition.image.empty()) body["image"] = definition.image;
  if (definition.source) body["source"] = sourceOf(*definition.source, login);
  if (definition.vcpus) body["resources"] = json::object{{"vcpus", *definition.vcpus}};
  if (!definition.env.empty()) body["env"] = objectOf(definition.env);
  if (!definition.networkPolicy.empty()) body["networkPolicy"] = definition.networkPolicy;
  if (!definition.volumes.empty()) body["mounts"] = mountsOf(definition.volumes);
  if (!definition.region.empty()) body["region"] = definition.region;
  if (!definition.failoverRegions.empty()) {
    body["failoverRegions"] = json::array(definition.failoverRegions.begin(),
                                          definition.failoverRegions.end());
  }
  return body;
}

}  // namespace mooring::vercel
