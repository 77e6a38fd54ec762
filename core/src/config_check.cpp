#include <mooring/config.hpp>
#include <mooring/detail/json_text.hpp>

#include "json_reader.hpp"
#include "volume_name.hpp"

#include <algorithm>
#include <set>

namespace mooring {
namespace {

Result<void> invalid(std::string message) { return failure(Errc::invalidArgument, std::move(message)); }

bool hasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool isVariableName(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool isVolumeName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

/// What people read: UTF-8 without NUL.
Result<void> checkText(const std::string& text, const std::string& where) {
  if (!detail::isUtf8(text)) return invalid(where + " is not UTF-8 text");
  if (hasNul(text)) return invalid(where + " holds a NUL byte");
  return {};
}

Result<void> checkDuration(std::chrono::milliseconds duration, const std::string& where) {
  if (duration.count() < 0) return invalid(where + " cannot be negative");
  if (duration.count() > detail::durationMs.most)
    return invalid(where + " cannot be more than a hundred years");
  return {};
}

/// Absolute, not the root, no empty, "." or ".." part.
bool isMountPath(const std::string& path) {
  if (path.size() < 2 || path.front() != '/' || hasNul(path)) return false;
  std::size_t start = 1;
  while (start <= path.size()) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

Result<void> checkEnvironment(const std::map<std::string, std::string>& env, const std::string& where) {
  for (const auto& [name, value] : env) {
    if (!isVariableName(name)) return invalid(where + ": \"" + name + "\" cannot be the name of a variable");
    if (hasNul(value)) return invalid(where + "." + name + " holds a NUL byte");
  }
  return {};
}

Result<void> checkVariables(const SandboxConfig& config) {
  if (auto checked = checkEnvironment(config.env, "env"); !checked) return checked;
  std::set<std::string> seen;
  for (const auto& name : config.secretEnv) {
    if (!isVariableName(name)) return invalid("secretEnv: \"" + name + "\" cannot be the name of a variable");
    if (!seen.insert(name).second) return invalid("secretEnv names " + name + " twice");
    if (config.env.contains(name)) return invalid(name + " is in env and in secretEnv; leave it out of env");
  }
  for (const auto& [key, value] : config.labels) {
    if (key.empty()) return invalid("labels: a key is empty");
    if (auto checked = checkText(key, "a key in labels"); !checked) return checked;
    if (auto checked = checkText(value, "labels." + key); !checked) return checked;
  }
  return {};
}

Result<void> checkNumbers(const SandboxConfig& config) {
  if (auto checked = checkDuration(config.timeout, "timeout"); !checked) return checked;
  if (auto checked = checkDuration(config.idleTimeout, "idleTimeout"); !checked) return checked;
  if (config.resources.vcpus.value_or(1) < 1) return invalid("resources.vcpus must be at least 1");
  if (config.resources.memoryMib.value_or(1) < 1) return invalid("resources.memoryMib must be at least 1");
  if (config.resources.diskGib.value_or(1) < 1) return invalid("resources.diskGib must be at least 1");
  std::set<int> ports;
  for (const int port : config.ports) {
    if (port < 1 || port > 65535)
      return invalid("ports: " + std::to_string(port) + " is not a port: use 1 to 65535");
    if (!ports.insert(port).second) return invalid("ports names " + std::to_string(port) + " twice");
  }
  return {};
}

Result<void> checkVolumes(const SandboxConfig& config) {
  for (std::size_t i = 0; i < config.volumes.size(); ++i) {
    const auto& volume = config.volumes[i];
    if (auto named = detail::checkVolumeName(volume.name); !named)
      return invalid("volumes: " + named.error().message);
    if (!isMountPath(volume.mountPath)) {
      return invalid("volumes: mountPath \"" + volume.mountPath +
                     "\" must be absolute, below /, without . and .. parts");
    }
    for (std::size_t j = 0; j < i; ++j) {
      const auto& other = config.volumes[j].mountPath;
      if ((volume.mountPath + "/").starts_with(other + "/") ||
          (other + "/").starts_with(volume.mountPath + "/")) {
        return invalid("volumes: the mounts " + other + " and " + volume.mountPath + " overlap");
      }
    }
  }
  return {};
}

Result<void> checkStep(const SetupCommand& step, const std::string& where) {
  if (step.program.empty()) return invalid(where + ".run needs a program");
  if (hasNul(step.program) || hasNul(step.cwd) || std::ranges::any_of(step.args, hasNul)) {
    return invalid(where + ".run holds a NUL byte; put such data into a file");
  }
  if (auto checked = checkDuration(step.timeout, where + ".run.timeout"); !checked) return checked;
  return checkEnvironment(step.env, where + ".run.env");
}

Result<void> checkStep(const SetupUpload& step, const std::string& where) {
  if (step.path.empty() || hasNul(step.path)) return invalid(where + ".upload needs a path, without NUL");
  if (hasNul(step.source.string())) return invalid(where + ".upload.source holds a NUL byte");
  if (step.content.has_value() == !step.source.empty()) {
    return invalid(where + ".upload has exactly one of content and source");
  }
  if (step.mode && (*step.mode < 0 || *step.mode > 07777))
    return invalid(where + ".upload.mode must be 0 to 07777");
  return {};
}

Result<void> checkSetup(const SandboxConfig& config) {
  for (std::size_t i = 0; i < config.setup.size(); ++i) {
    const auto where = "setup[" + std::to_string(i) + "]";
    auto checked = std::visit([&where](const auto& step) { return checkStep(step, where); }, config.setup[i]);
    if (!checked) return checked;
  }
  return {};
}

Result<void> checkTexts(const SandboxConfig& config) {
  using Text = std::pair<const std::string*, const char*>;
  for (const auto& [text, where] : {Text(&config.provider, "provider"),
                                    Text(&config.runtime, "runtime"),
                                    Text(&config.image, "image"),
                                    Text(&config.purpose, "purpose")}) {
    if (auto checked = checkText(*text, where); !checked) return checked;
  }
  for (const auto& allowed : config.network.allow) {
    if (allowed.empty()) return invalid("network.allow: an entry is empty");
    if (auto checked = checkText(allowed, "an entry in network.allow"); !checked) return checked;
  }
  if (auto checked = detail::checkStorable(config.params, "params"); !checked) return checked;
  return detail::checkStorable(config.options, "options");
}

Result<void> checkOptions(const SandboxConfig& config) {
  if (config.network.mode != NetworkMode::allowList && !config.network.allow.empty()) {
    return invalid("network.allow is only for network.mode \"allowList\"");
  }
  for (const auto& member : config.options) {
    if (!member.value().is_object())
      return invalid("options." + std::string(member.key()) + " must be an object");
    if (!config.provider.empty() && member.key() != config.provider) {
      return invalid("options." + std::string(member.key()) + " does not belong to provider " +
                     config.provider + ": remove it, or choose that provider");
    }
  }
  return {};
}

}  // namespace

Result<void> detail::checkVolumeName(const std::string& name) {
  if (isVolumeName(name)) return {};
  return invalid("\"" + name +
                 "\" cannot be the name of a volume: use letters, digits, '-', '_' and '.', at "
                 "most 64, not beginning with '.'");
}

Result<void> validate(const SandboxConfig& config) {
  for (const auto check :
       {checkTexts, checkNumbers, checkVariables, checkVolumes, checkSetup, checkOptions}) {
    if (auto checked = check(config); !checked) return checked;
  }
  return {};
}

}  // namespace mooring
