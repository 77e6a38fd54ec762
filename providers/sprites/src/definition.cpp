#include "definition.hpp"

#include "errors.hpp"
#include "options.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::sprites {

namespace {

std::unexpected<Error> wrong(std::string message) {
  return refuse(Errc::invalidArgument, std::move(message));
}
std::unexpected<Error> lacking(std::string message) { return refuse(Errc::unsupported, std::move(message)); }

Result<void> refuseWhatThereIsNot(const SandboxConfig& config) {
  if (!config.image.empty())
    return lacking("image: every sprite has the same system; install what is missing with `setup`");
  if (!config.runtime.empty())
    return lacking("runtime: every sprite has the same system; install what is missing with `setup`");
  if (config.resources.vcpus)
    return lacking("resources.vcpus: Sprites gives every sprite the same processors");
  if (config.resources.memoryMib) return lacking("resources.memoryMib: Sprites manages memory by itself");
  if (config.resources.diskGib) return lacking("resources.diskGib: Sprites gives every sprite the same disk");
  if (!config.volumes.empty()) return lacking("volumes: a sprite has its own disk and nothing else");
  for (const int port : config.ports) {
    if (port != urlPort) {
      return lacking("ports: a sprite's URL leads to port 8080 and to no other; reach " +
                     std::to_string(port) + " by forwarding, which needs no declaration");
    }
  }
  return {};
}

bool isOurs(std::string_view text) { return text.starts_with(label::prefix); }

Result<void> decideLabels(const SandboxConfig& config, const Options& options, Definition& out) {
  for (const auto& [name, value] : config.labels) {
    if (isOurs(name))
      return wrong("labels." + name + ": names that begin with \"mooring\" are mooring's own");
    if (name.find('=') != std::string::npos)
      return wrong("labels." + name + ": Sprites keeps labels as name=value, so a name holds no '='");
    out.labels.push_back(name + "=" + value);
  }
  for (const auto& text : options.labels) {
    if (text.empty()) return wrong("options.sprites.labels holds an empty text");
    if (isOurs(text))
      return wrong("options.sprites.labels: \"" + text + "\": what begins with \"mooring\" is mooring's own");
    out.labels.push_back(text);
  }
  return {};
}

json::object rule(std::string_view domain, std::string_view action) {
  return {{"domain", domain}, {"action", action}};
}

/// Policies are about names: addresses are blocked unless a permitted name led to them.
Result<void> decideNetwork(const Network& network, Definition& out) {
  if (network.mode == NetworkMode::open) return {};
  json::array rules;
  if (network.mode == NetworkMode::allowList) {
    for (const auto& domain : network.allow) {
      const bool name = !domain.empty() && domain.find_first_of("/: ") == std::string::npos &&
                        domain.find_first_not_of("0123456789.") != std::string::npos;
      if (!name) return wrong("network.allow: \"" + domain + "\": Sprites allows domains, and no addresses");
      rules.push_back(rule(domain, "allow"));
    }
  }
  rules.push_back(rule("*", "deny"));
  out.networkPolicy = {{"rules", std::move(rules)}};
  return {};
}

}  // namespace

Result<Definition> define(const SandboxConfig& config, const Defaults& defaults) {
  auto options = optionsOf(config);
  if (!options) return std::unexpected(std::move(options).error());
  Definition out;
  if (auto ok = refuseWhatThereIsNot(config); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideLabels(config, *options, out); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideNetwork(config.network, out); !ok) return std::unexpected(std::move(ok).error());
  if (config.ephemeral && !options->deleteOnStop.value_or(true))
    return wrong("ephemeral is true and options.sprites.deleteOnStop false: leave one of them out");
  out.name = std::move(options->name);
  out.waitForCapacity = options->waitForCapacity;
  out.urlAuth = options->urlAuth;
  out.deleteOnStop = options->deleteOnStop.value_or(defaults.deleteOnStop || config.ephemeral);
  return out;
}

std::vector<std::string> labelsFor(const Definition& definition,
                                   const std::string& provisionKey,
                                   const std::string& ownerTag) {
  std::vector<std::string> labels;
  labels.push_back(std::string(label::owner) + ownerTag);
  if (!definition.name.empty() && definition.name != provisionKey)
    labels.push_back(std::string(label::key) + provisionKey);
  if (!definition.deleteOnStop) labels.emplace_back(label::keep);
  // A policy needs a request of its own. Whoever finds the sprite before that must not take it for ready.
  if (!definition.networkPolicy.empty()) labels.emplace_back(label::unfinished);
  labels.insert(labels.end(), definition.labels.begin(), definition.labels.end());
  return labels;
}

json::object createBody(const Definition& definition,
                        const std::string& name,
                        const std::vector<std::string>& labels) {
  json::object body{
      {"name", name},
      {"url_settings", json::object{{"auth", toString(definition.urlAuth)}}},
      {"labels", json::array(labels.begin(), labels.end())},
  };
  if (definition.waitForCapacity) body["wait_for_capacity"] = true;
  return body;
}

}  // namespace mooring::sprites
