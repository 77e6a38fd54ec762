#include "environment.hpp"

namespace mooring::detail {
namespace {

std::optional<Secret> resolve(const Core& core, const std::string& name) {
  return core.parts.secrets ? core.parts.secrets(name) : core.parts.settings.secret(name);
}

}  // namespace

Result<std::map<std::string, std::string>> fullEnvironment(const Core& core,
                                                           const SandboxConfig& config,
                                                           const std::map<std::string, std::string>& own) {
  auto out = config.env;
  std::string missing;
  for (const auto& name : config.secretEnv) {
    const auto value = resolve(core, name);
    if (value) {
      out.insert_or_assign(name, value->reveal());
    } else {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  if (!missing.empty()) {
    return failure(Errc::notConfigured,
                   "secretEnv names without a value here: " + missing + "; set them and try again");
  }
  for (const auto& [name, value] : own)
    out.insert_or_assign(name, value);
  return out;
}

std::string redacted(const Core& core, const SandboxConfig& config, std::string text) {
  for (const auto& name : config.secretEnv) {
    const auto secret = resolve(core, name);
    if (!secret || secret->empty()) continue;
    const auto& value = secret->reveal();
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

}  // namespace mooring::detail
