#include <mooring/registry.hpp>

#include <unistd.h>

namespace mooring {

Settings Settings::fromEnvironment() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Settings(std::move(variables));
}

Settings Settings::with(std::string name, std::string value) const {
  auto changed = *this;
  changed.variables_.insert_or_assign(std::move(name), std::move(value));
  return changed;
}

std::optional<std::string> Settings::get(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<Secret> Settings::secret(std::string_view name) const {
  auto value = get(name);
  if (!value) return std::nullopt;
  return Secret(std::move(*value));
}

void ProviderRegistry::add(std::string name, ProviderFactory factory) {
  factories_.insert_or_assign(std::move(name), std::move(factory));
}

std::vector<std::string> ProviderRegistry::names() const {
  std::vector<std::string> out;
  out.reserve(factories_.size());
  for (const auto& [name, factory] : factories_)
    out.push_back(name);
  return out;
}

Result<ProviderFactory> ProviderRegistry::find(std::string_view name) const {
  const auto found = factories_.find(name);
  if (found != factories_.end()) return found->second;
  std::string known;
  for (const auto& [other, factory] : factories_)
    known += (known.empty() ? "" : ", ") + other;
  return failure(Errc::invalidArgument,
                 "there is no provider \"" + std::string(name) + "\"; known are: " + known +
                     " (set it in the config's `provider` or in SANDBOX_PROVIDER)");
}

std::string chooseProvider(const SandboxConfig& config, const Settings& settings) {
  if (!config.provider.empty()) return config.provider;
  return settings.get("SANDBOX_PROVIDER").value_or("sprites");
}

}  // namespace mooring
