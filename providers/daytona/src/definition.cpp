#include "definition.hpp"

#include "errors.hpp"
#include "options.hpp"

#include <algorithm>
#include <array>

namespace mooring::daytona {

using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

constexpr std::size_t mostAllowed = 10;  // Entries that Daytona takes, of each kind.
constexpr std::int64_t mibPerGib = 1024;

std::unexpected<Error> wrong(std::string message) {
  return refuse(Errc::invalidArgument, std::move(message));
}

std::int64_t wholeMinutes(milliseconds duration) { return std::chrono::ceil<minutes>(duration).count(); }

Result<void> decideLanguage(const SandboxConfig& config, const Options& options, Definition& out) {
  if (options.language) {
    out.language = *options.language;
  } else if (!config.runtime.empty()) {
    const auto language = languageOf(config.runtime);
    if (!language) {
      return wrong("runtime: \"" + config.runtime +
                   "\" is unknown to Daytona: use python, node, javascript or typescript, with a version if "
                   "you like, or set options.daytona.language");
    }
    out.language = *language;
  }
  return {};
}

/// Where the files come from: a snapshot, an image, or one that is written here.
Result<void> decideImage(const SandboxConfig& config,
                         const Options& options,
                         const Defaults& defaults,
                         Definition& out) {
  if (!config.image.empty() && !options.snapshot.empty())
    return wrong("image and options.daytona.snapshot exclude each other: leave one of them out");
  if (options.declarativeImage && !options.snapshot.empty()) {
    return wrong(
        "options.daytona.declarativeImage and options.daytona.snapshot exclude each other: leave one of them "
        "out");
  }
  if (options.declarativeImage && !config.image.empty()) {
    return wrong(
        "image and options.daytona.declarativeImage exclude each other: write the image as "
        "declarativeImage.base");
  }
  out.snapshot = options.snapshot;
  if (!config.image.empty()) {
    const bool oneWord = std::ranges::all_of(config.image, [](unsigned char c) { return c > 0x20; });
    if (!oneWord) return wrong("image: \"" + config.image + "\" is no image: write it like debian:12");
    out.dockerfile = "FROM " + config.image + "\n";
    return {};
  }
  if (!out.snapshot.empty()) return {};
  const auto& declarative = options.declarativeImage ? options.declarativeImage : defaults.declarativeImage;
  if (!declarative) return {};
  auto file = dockerfileFor(*declarative, out.language == Language::python ? config.runtime : "");
  if (!file) return std::unexpected(std::move(file).error());
  out.dockerfile = std::move(*file);
  return {};
}

Result<void> decideResources(const SandboxConfig& config, Definition& out) {
  const auto& wanted = config.resources;
  if (!wanted.vcpus && !wanted.memoryMib && !wanted.diskGib) return {};
  if (out.dockerfile.empty()) {
    return wrong(
        "resources: a sandbox made from a snapshot has the snapshot's own: leave resources out, or set image "
        "or options.daytona.declarativeImage");
  }
  if (wanted.vcpus) out.cpu = *wanted.vcpus;
  if (wanted.memoryMib) out.memoryGib = (*wanted.memoryMib + mibPerGib - 1) / mibPerGib;
  out.diskGib = wanted.diskGib;
  return {};
}

Result<void> decideEnd(const SandboxConfig& config,
                       const Options& options,
                       const Defaults& defaults,
                       Definition& out) {
  const bool asked = options.ephemeral.value_or(false) || config.ephemeral;
  if (config.ephemeral && options.ephemeral && !*options.ephemeral)
    return wrong("ephemeral is true and options.daytona.ephemeral is false: leave one of them out");
  if (asked && options.autoDelete && *options.autoDelete != minutes(0)) {
    return wrong(
        "options.daytona.autoDeleteMinutes is for sandboxes that stay when they stop, and an ephemeral one "
        "does not: leave one of the two out");
  }
  if (asked && options.autoArchive) {
    return wrong(
        "options.daytona.autoArchiveMinutes is for sandboxes that stay when they stop, and an ephemeral one "
        "does not: leave one of the two out");
  }
  if (options.autoStop && config.idleTimeout.count() > 0) {
    return wrong("idleTimeout and options.daytona.autoStopMinutes are the same limit: leave one of them out");
  }
  const bool kept = options.autoDelete || options.autoArchive;
  out.ephemeral = asked || (!options.ephemeral && !kept && defaults.ephemeral);
  if (out.ephemeral) {
    out.autoDeleteMinutes = 0;
  } else if (options.autoDelete) {
    out.autoDeleteMinutes = options.autoDelete->count();
  }
  if (options.autoStop) out.autoStopMinutes = options.autoStop->count();
  if (config.idleTimeout.count() > 0) out.autoStopMinutes = wholeMinutes(config.idleTimeout);
  if (options.autoArchive) out.autoArchiveMinutes = options.autoArchive->count();
  return {};
}

bool isDomain(std::string_view text) {
  return text.find('.') != std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '.' || c == '*';
         });
}

/// Four numbers and, maybe, a prefix length.
bool isIpv4Block(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '/'; }) &&
         std::ranges::count(text, '.') == 3;
}

Result<void> decideNetwork(const SandboxConfig& config, Definition& out) {
  if (config.network.mode == NetworkMode::open) return {};
  if (config.network.mode == NetworkMode::blocked) {
    out.networkBlocked = true;
    return {};
  }
  for (const auto& allowed : config.network.allow) {
    if (isIpv4Block(allowed)) {
      const bool block = allowed.find('/') != std::string::npos;
      out.allowedBlocks.push_back(block ? allowed : allowed + "/32");
    } else if (isDomain(allowed)) {
      out.allowedDomains.push_back(allowed);
    } else {
      return wrong("network.allow: \"" + allowed +
                   "\" is neither an IPv4 block like 10.0.0.0/8 nor a domain like *.example.com");
    }
  }
  if (config.network.allow.empty())
    return wrong("network: an empty allow list lets nothing through: say mode \"blocked\" for that");
  if (out.allowedBlocks.size() > mostAllowed || out.allowedDomains.size() > mostAllowed)
    return wrong("network.allow: Daytona takes at most 10 blocks and 10 domains");
  return {};
}

bool liesIn(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

Result<void> decideVolumes(const SandboxConfig& config, const Options& options, Definition& out) {
  static constexpr std::array<std::string_view, 9> system = {
      "/proc", "/sys", "/dev", "/boot", "/etc", "/bin", "/sbin", "/lib", "/lib64"};
  for (const auto& volume : config.volumes) {
    if (volume.readOnly) {
      return refuse(
          Errc::unsupported,
          "volumes: Daytona mounts for reading and writing only: leave readOnly out for " + volume.mountPath);
    }
    for (const auto directory : system) {
      if (liesIn(volume.mountPath, directory)) {
        return wrong("volumes: a volume cannot be mounted at " + volume.mountPath + ": " +
                     std::string(directory) + " belongs to the system; try /data");
      }
    }
  }
  for (const auto& [mountPath, subpath] : options.subpaths) {
    if (std::ranges::find(config.volumes, mountPath, &VolumeMount::mountPath) == config.volumes.end())
      return wrong("options.daytona.subpaths: no volume is mounted at " + mountPath);
    const bool bad = subpath.empty() || subpath.front() == '/' ||
                     ("/" + subpath + "/").find("/../") != std::string::npos ||
                     subpath.find("//") != std::string::npos;
    if (bad) {
      return wrong("options.daytona.subpaths: \"" + subpath +
                   "\" must be a path inside the volume, without a leading / and without ..");
    }
  }
  out.volumes = config.volumes;
  out.subpaths = options.subpaths;
  out.volumeTimeout = options.volumeTimeout;
  return {};
}

}  // namespace

std::optional<Language> languageOf(std::string_view runtime) {
  static constexpr std::array<std::pair<std::string_view, Language>, 7> beginnings = {{
      {"python", Language::python},
      {"py", Language::python},
      {"typescript", Language::typescript},
      {"ts", Language::typescript},
      {"javascript", Language::javascript},
      {"js", Language::javascript},
      {"node", Language::javascript},
  }};
  for (const auto& [name, language] : beginnings) {
    if (!runtime.starts_with(name)) continue;
    // "nodejs20.x", "python@3.12", "node:22-slim": a name and a version.
    const auto rest = runtime.substr(name.size());
    const auto version = rest.starts_with("js") ? rest.substr(2) : rest;
    const bool plain = std::ranges::all_of(version, [](char c) {
      return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '@' || c == ':' || c == 'x';
    });
    if (plain) return language;
  }
  return std::nullopt;
}

Result<Definition> define(const SandboxConfig& config, const Defaults& defaults, milliseconds lifetime) {
  auto options = optionsOf(config);
  if (!options) return std::unexpected(std::move(options).error());
  if (config.labels.contains(std::string(ownerLabel)))
    return wrong("labels: \"mooring\" is mooring's own label: use another key");

  Definition out;
  if (auto done = decideLanguage(config, *options, out); !done)
    return std::unexpected(std::move(done).error());
  if (auto done = decideImage(config, *options, defaults, out); !done)
    return std::unexpected(std::move(done).error());
  if (auto done = decideResources(config, out); !done) return std::unexpected(std::move(done).error());
  if (auto done = decideEnd(config, *options, defaults, out); !done)
    return std::unexpected(std::move(done).error());
  if (auto done = decideNetwork(config, out); !done) return std::unexpected(std::move(done).error());
  if (auto done = decideVolumes(config, *options, out); !done)
    return std::unexpected(std::move(done).error());
  out.user = options->user;
  out.target = options->target.empty() ? defaults.target : options->target;
  out.env = options->envVars;
  out.labels = config.labels;
  out.isPublic = options->isPublic;
  if (lifetime.count() == 0) lifetime = config.timeout;
  if (lifetime.count() > 0) out.lifetimeMinutes = wholeMinutes(lifetime);
  return out;
}

}  // namespace mooring::daytona
