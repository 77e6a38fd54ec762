#include "definition.hpp"

#include "errors.hpp"
#include "options.hpp"

#include <algorithm>
#include <array>

namespace mooring::vercel {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t mostPorts = 15;
constexpr std::size_t mostMounts = 4;
constexpr int firstPort = 1024;
constexpr std::size_t longestImage = 255;
constexpr std::int64_t mibPerVcpu = 2048;
constexpr milliseconds shortestLife = std::chrono::seconds(1);
constexpr milliseconds usualLife = std::chrono::minutes(5);

std::unexpected<Error> wrong(std::string message) {
  return refuse(Errc::invalidArgument, std::move(message));
}

/// Where the files come from.
Result<void> decideFiles(const SandboxConfig& config, const Options& options, Definition& out) {
  static constexpr std::array<std::string_view, 4> runtimes = {"node26", "node24", "node22", "python3.13"};
  if (!config.runtime.empty() && !config.image.empty())
    return wrong("runtime and image exclude each other at Vercel: leave one of them out");
  if (!config.runtime.empty() && std::ranges::find(runtimes, config.runtime) == runtimes.end()) {
    return wrong("runtime: \"" + config.runtime +
                 "\" is unknown to Vercel: use node26, node24, node22 or python3.13, or an image");
  }
  if (config.image.size() > longestImage)
    return wrong("image: longer than the " + std::to_string(longestImage) + " characters that Vercel takes");
  const bool fromSnapshot = options.source && options.source->type == SourceType::snapshot;
  if (fromSnapshot && !(config.runtime.empty() && config.image.empty())) {
    return wrong(
        "options.vercel.source: a snapshot brings its own system along: leave runtime and image out");
  }
  out.runtime = config.runtime;
  out.image = config.image;
  out.source = options.source;
  return {};
}

Result<void> decideMachine(const SandboxConfig& config, Definition& out) {
  const auto& wanted = config.resources;
  if (wanted.diskGib) return refuse(Errc::unsupported, "resources.diskGib: the disk's size is Vercel's own");
  if (wanted.vcpus && *wanted.vcpus != 1 && *wanted.vcpus % 2 != 0)
    return wrong("resources.vcpus must be 1 or even at Vercel");
  out.vcpus = wanted.vcpus;
  if (wanted.memoryMib) {
    if (*wanted.memoryMib % mibPerVcpu != 0 ||
        (wanted.vcpus && *wanted.memoryMib != *wanted.vcpus * mibPerVcpu)) {
      return wrong(
          "resources.memoryMib comes with the processors at Vercel, 2048 each: leave it out, or set it to "
          "2048 times vcpus");
    }
    const auto vcpus = *wanted.memoryMib / mibPerVcpu;
    if (vcpus != 1 && vcpus % 2 != 0)
      return wrong("resources.memoryMib must be 2048 times 1 or an even number at Vercel");
    out.vcpus = vcpus;
  }
  if (config.ports.size() > mostPorts)
    return wrong("ports: Vercel opens at most " + std::to_string(mostPorts) + " of them");
  for (const int port : config.ports) {
    if (port < firstPort)
      return wrong("ports: " + std::to_string(port) + " is below 1024, where Vercel opens none");
  }
  out.ports = config.ports;
  return {};
}

Result<void> decideLife(const SandboxConfig& config,
                        const Options& options,
                        const Defaults& defaults,
                        milliseconds lifetime,
                        Definition& out) {
  if (config.idleTimeout.count() > 0) {
    return refuse(
        Errc::unsupported,
        "idleTimeout: Vercel counts from the start only: use timeout, and extend() while it is used");
  }
  out.timeout = lifetime.count() > 0 ? lifetime : config.timeout;
  if (out.timeout.count() == 0) out.timeout = usualLife;
  if (out.timeout < shortestLife) return wrong("timeout must be at least one second at Vercel");
  if (config.ephemeral && options.persistent.value_or(false))
    return wrong("ephemeral is true and options.vercel.persistent too: leave one of them out");
  out.persistent = options.persistent.value_or(defaults.persistent && !config.ephemeral);
  out.snapshotExpirationMs = milliseconds(options.snapshotExpiration).count();
  out.keepLastSnapshots = options.keepLastSnapshots;
  return {};
}

Result<void> decideTags(const SandboxConfig& config, Definition& out) {
  constexpr std::size_t own = 1;
  if (config.labels.size() > mostTags - own) {
    return wrong("labels: Vercel takes at most " + std::to_string(mostTags) + ", and one is mooring's");
  }
  for (const auto& [name, value] : config.labels) {
    if (name == ownerTagKey || name == commentsTagKey)
      return wrong("labels." + name + " is mooring's own: choose another name");
    if (value.size() > longestTag)
      return wrong("labels." + name + " is longer than " + std::to_string(longestTag) + " bytes");
  }
  out.labels = config.labels;
  return {};
}

Result<void> decideVolumes(const SandboxConfig& config, const Options& options, Definition& out) {
  if (config.volumes.size() > mostMounts)
    return wrong("volumes: Vercel mounts at most " + std::to_string(mostMounts));
  for (const auto& volume : config.volumes) {
    if (volume.name.find('.') != std::string::npos)
      return wrong("volumes: \"" + volume.name + "\": Vercel takes letters, digits, '-' and '_' only");
  }
  if (!config.volumes.empty() && !options.failoverRegions.empty())
    return wrong("options.vercel.failoverRegions and volumes exclude each other: a volume has one region");
  out.volumes = config.volumes;
  out.region = options.region;
  out.failoverRegions = options.failoverRegions;
  return {};
}

Result<void> decideNetwork(const SandboxConfig& config, const Options& options, Definition& out) {
  if (!options.networkPolicy.empty()) {
    if (config.network.mode != NetworkMode::open)
      return wrong("network and options.vercel.networkPolicy exclude each other: leave one of them out");
    out.networkPolicy = options.networkPolicy;
    return {};
  }
  auto policy = networkPolicyOf(config.network);
  if (!policy) return std::unexpected(std::move(policy).error());
  out.networkPolicy = std::move(*policy);
  return {};
}

}  // namespace

Result<Definition> define(const SandboxConfig& config, const Defaults& defaults, milliseconds lifetime) {
  auto options = optionsOf(config);
  if (!options) return std::unexpected(std::move(options).error());
  Definition out;
  if (auto ok = decideFiles(config, *options, out); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideMachine(config, out); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideLife(config, *options, defaults, lifetime, out); !ok)
    return std::unexpected(std::move(ok).error());
  if (auto ok = decideTags(config, out); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideVolumes(config, *options, out); !ok) return std::unexpected(std::move(ok).error());
  if (auto ok = decideNetwork(config, *options, out); !ok) return std::unexpected(std::move(ok).error());
  out.env = std::move(options->envVars);
  return out;
}

}  // namespace mooring::vercel
