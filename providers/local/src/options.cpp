#include "definition.hpp"
#include "errors.hpp"
#include "layout.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace mooring::local {

namespace json = boost::json;

namespace {

constexpr std::int64_t maxProcessesLimit = 4194304;
constexpr std::int64_t minMemoryMib = 4;

bool isOrLiesIn(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

constexpr std::array<std::string_view, 12> systemDirectories = {
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/proc", "/dev", "/sys", "/run"};

/// Why nothing of ours can be mounted at `path`; empty when it can.
std::string flawOf(const std::string& path) {
  if (path.empty() || path.front() != '/') return "the path must be absolute";
  if (path.find('\0') != std::string::npos) return "the path holds a NUL";
  if (path.back() == '/' || std::filesystem::path(path).lexically_normal().string() != path) {
    return "write it without \".\", \"..\", double or trailing slashes";
  }
  for (const auto directory : systemDirectories) {
    if (isOrLiesIn(path, directory)) return std::string(directory) + " belongs to the system; try /data";
  }
  return {};
}

bool isUserName(std::string_view name) {
  constexpr std::size_t longest = 32;
  return !name.empty() && name.size() <= longest && name.front() != '-' && name != "root" &&
         name != "nobody" && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

Result<std::string> textOf(const json::value& member, const char* name) {
  if (member.is_string()) return std::string(member.get_string());
  return refuse(Errc::invalidArgument, std::string("options.local.") + name + " must be a string");
}

Result<void> checkVolumes(const SandboxConfig& config, const std::string& home) {
  for (const auto& volume : config.volumes) {
    if (auto checked = checkVolumeName(volume.name); !checked) return checked;
    if (auto checked = checkMountPath(volume.mountPath); !checked) return checked;
    if (isOrLiesIn(home, volume.mountPath)) {
      return refuse(Errc::invalidArgument,
                    "volumes: " + volume.mountPath + " would hide the sandbox's home " + home +
                        ": mount it below or beside");
    }
    for (const auto& other : config.volumes) {
      if (&other != &volume && isOrLiesIn(other.mountPath, volume.mountPath)) {
        return refuse(Errc::invalidArgument,
                      "volumes: " + other.mountPath + " lies in another volume's mountPath " +
                          volume.mountPath + ": mount them side by side");
      }
    }
  }
  return {};
}

Result<void> checkResources(const Resources& resources) {
  if (resources.diskGib) {
    return refuse(Errc::unsupported,
                  "resources.diskGib: the local provider cannot limit disk space: leave it out, or put "
                  "MOORING_LOCAL_DIR on a file system of that size");
  }
  if (resources.vcpus && *resources.vcpus < 1) {
    return refuse(Errc::invalidArgument, "resources.vcpus must be at least 1");
  }
  if (resources.memoryMib && *resources.memoryMib < minMemoryMib) {
    return refuse(Errc::invalidArgument, "resources.memoryMib must be at least 4");
  }
  return {};
}

Result<void> checkWithoutIsolation(const SandboxConfig& config, const Options& options) {
  const std::string why = " needs namespaces: use isolation \"bubblewrap\" in options.local";
  const Options usual;
  if (options.home != usual.home) return refuse(Errc::unsupported, "options.local.home: choosing it" + why);
  if (options.user != usual.user) return refuse(Errc::unsupported, "options.local.user: choosing it" + why);
  if (!config.volumes.empty()) return refuse(Errc::unsupported, "volumes: mounting one" + why);
  if (config.network.mode == NetworkMode::blocked) {
    return refuse(Errc::unsupported, "network: blocking it" + why);
  }
  return {};
}

}  // namespace

json::object toJson(const Options& options) {
  json::object object;
  if (options.isolation != Isolation::bubblewrap) object["isolation"] = toString(options.isolation);
  if (options.maxProcesses) object["maxProcesses"] = *options.maxProcesses;
  const Options usual;
  if (options.home != usual.home) object["home"] = options.home;
  if (options.user != usual.user) object["user"] = options.user;
  return object;
}

Result<Options> optionsOf(const SandboxConfig& config) {
  Options options;
  const json::value* value = config.options.if_contains(Options::provider);
  if (value == nullptr) return options;
  if (!value->is_object()) return refuse(Errc::invalidArgument, "options.local must be an object");
  for (const auto& [name, member] : value->get_object()) {
    if (name == "isolation") {
      const auto isolation = member.is_string() ? parseEnum<Isolation>(member.get_string()) : std::nullopt;
      if (!isolation) {
        return refuse(Errc::invalidArgument,
                      "options.local.isolation must be one of: " + enumChoices<Isolation>());
      }
      options.isolation = *isolation;
    } else if (name == "maxProcesses") {
      const std::int64_t count = member.is_int64() ? member.get_int64() : 0;
      if (count < 1 || count > maxProcessesLimit) {
        return refuse(Errc::invalidArgument, "options.local.maxProcesses must be a number from 1 to 4194304");
      }
      options.maxProcesses = static_cast<int>(count);
    } else if (name == "home") {
      auto path = textOf(member, "home");
      if (!path) return std::unexpected(std::move(path).error());
      if (auto checked = checkHome(*path); !checked) return std::unexpected(std::move(checked).error());
      options.home = std::move(*path);
    } else if (name == "user") {
      auto user = textOf(member, "user");
      if (!user) return std::unexpected(std::move(user).error());
      if (!isUserName(*user)) {
        return refuse(
            Errc::invalidArgument,
            "options.local.user must be a user's name: at most 32 lower-case letters, digits, '-' and "
            "'_', not root or nobody");
      }
      options.user = std::move(*user);
    } else {
      return refuse(Errc::invalidArgument,
                    "options.local." + std::string(name) +
                        " is unknown; known are: isolation, maxProcesses, home, user");
    }
  }
  return options;
}

Result<void> checkVolumeName(const std::string& name) {
  constexpr std::size_t longest = 64;
  if (isPlainName(name) && name.size() <= longest) return {};
  return refuse(
      Errc::invalidArgument,
      "volumes: \"" + name +
          "\" cannot name a volume: use at most 64 letters, digits, '-', '_', '.', not beginning with '.'");
}

Result<void> checkMountPath(const std::string& path) {
  auto flaw = flawOf(path);
  if (flaw.empty() && (path == "/workspace" || path == "/tmp")) {
    flaw = "that is the sandbox's own; use a directory below it";
  }
  if (flaw.empty()) return {};
  return refuse(Errc::invalidArgument, "volumes: a volume cannot be mounted at \"" + path + "\": " + flaw);
}

Result<void> checkHome(const std::string& path) {
  auto flaw = flawOf(path);
  if (flaw.empty() && (isOrLiesIn(path, "/tmp") || isOrLiesIn(path, "/var/tmp"))) {
    flaw = "what is there ends with the sandbox";
  }
  if (flaw.empty()) return {};
  return refuse(Errc::invalidArgument, "options.local.home cannot be \"" + path + "\": " + flaw);
}

Result<void> validateConfig(const SandboxConfig& config) {
  const auto options = optionsOf(config);
  if (!options) return std::unexpected(options.error());
  if (!config.runtime.empty()) {
    return refuse(
        Errc::unsupported,
        "runtime: the local provider has the programs of this machine's /usr and no others: leave it empty");
  }
  if (!config.image.empty()) {
    return refuse(
        Errc::unsupported,
        "image: the local provider has the programs of this machine's /usr and no others: leave it empty");
  }
  if (config.network.mode == NetworkMode::allowList) {
    return refuse(Errc::unsupported,
                  "network: the local provider knows \"open\" and \"blocked\", but no allow list");
  }
  if (auto checked = checkResources(config.resources); !checked) return checked;
  if (auto checked = checkVolumes(config, options->home); !checked) return checked;
  if (options->isolation == Isolation::none) return checkWithoutIsolation(config, *options);
  return {};
}

}  // namespace mooring::local
