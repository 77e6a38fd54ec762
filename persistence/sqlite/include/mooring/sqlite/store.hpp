/// The usual record store: one SQLite file, shared by any number of processes of one machine.
#pragma once

#include <mooring/store.hpp>

#include <chrono>
#include <filesystem>
#include <memory>

namespace mooring::sqlite {

struct StoreOptions {
  /// Made when it does not exist (mode 0600; its directory 0700). Not on a network file system: SQLite's locks need a
  /// local one.
  std::filesystem::path path = {};
  /// How long a write waits for other processes before it fails with storeFailed (temporary).
  std::chrono::milliseconds busyTimeout = std::chrono::seconds(5);
};

/// Opens the file and brings its schema up to date, each step in one transaction.
/// Errors: storeFailed (cannot be made, read-only, a schema newer than this library), corrupted (not a database, or a
/// damaged one). A file that cannot be opened is left exactly as it was.
Result<std::shared_ptr<RecordStore>> openStore(StoreOptions options);

/// The newest schema that this library knows.
int newestSchema();

}  // namespace mooring::sqlite
