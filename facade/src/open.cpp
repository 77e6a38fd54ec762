#include <mooring/mooring.hpp>
#include <mooring/sqlite/store.hpp>

namespace mooring {

namespace detail {
void registerBuiltinProviders(ProviderRegistry& registry);  // Generated from providers/CMakeLists.txt.
}

ProviderRegistry builtinProviders() {
  ProviderRegistry registry;
  detail::registerBuiltinProviders(registry);
  return registry;
}

Result<std::filesystem::path> defaultDatabase(const Settings& settings) {
  if (const auto path = settings.get("MOORING_DATABASE")) return std::filesystem::path(*path);
  const auto inside = std::filesystem::path("mooring") / "mooring.db";
  if (const auto state = settings.get("XDG_STATE_HOME")) return *state / inside;
  if (const auto home = settings.get("HOME"))
    return std::filesystem::path(*home) / ".local" / "state" / inside;
  return failure(Errc::notConfigured, "no place for the database: name one, or set MOORING_DATABASE or HOME");
}

Result<SandboxService> open(OpenOptions options) {
  auto parts = std::move(options.parts);
  if (parts.settings.empty()) parts.settings = Settings::fromEnvironment();
  if (parts.providers.names().empty()) parts.providers = builtinProviders();
  if (options.store) parts.store = std::move(options.store);
  if (!parts.store) {
    if (options.database.empty()) {
      auto path = defaultDatabase(parts.settings);
      if (!path) return std::unexpected(std::move(path).error());
      options.database = std::move(*path);
    }
    auto store = sqlite::openStore({.path = options.database});
    if (!store) return std::unexpected(std::move(store).error());
    parts.store = std::move(*store);
  }
  return SandboxService::open(std::move(parts));
}

}  // namespace mooring
