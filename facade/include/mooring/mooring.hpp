/// The one header to include, and the one call to begin with:
///
///     auto service = mooring::open({.database = "pipeline.db"});
///     auto sandbox = service->create({.purpose = "parse"}).get();
///     auto result = sandbox->run("python3", {"-c", "print(6 * 7)"}).get();
#pragma once

#include <mooring/service.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace mooring {

struct OpenOptions {
  /// The SQLite file that holds the records; made (mode 0600) when it does not exist.
  /// Empty: MOORING_DATABASE, else $XDG_STATE_HOME/mooring/mooring.db, else
  /// ~/.local/state/mooring/mooring.db.
  std::filesystem::path database = {};
  /// Another store instead of the file.
  std::shared_ptr<RecordStore> store = {};
  /// Provider, log and so on. `store` and `providers` in it are filled in when they are empty.
  ServiceParts parts = {};
};

/// Opens a service with all built-in providers, on this process's environment (read here, once).
/// Errors: storeFailed, corrupted (the database; nothing is changed), notConfigured (no place for it).
Result<SandboxService> open(OpenOptions options = OpenOptions());

/// The providers that this library was built with.
ProviderRegistry builtinProviders();

/// Where open() keeps the records when nothing else is said. Errors: notConfigured.
Result<std::filesystem::path> defaultDatabase(const Settings& settings);

}  // namespace mooring
