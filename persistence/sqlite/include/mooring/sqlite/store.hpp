/// The usual record store: one SQLite file, shared by any number of processes of one machine.
#pragma once

#include <mooring/store.hpp>

#include <chrono>
#include <filesystem>
#include <memory>

namespace mooring::sqlite {

struct StoreOptions {
  /// Made when it does not exist (mode 0600; missing directories 0700). Not on a network file system:
  /// SQLite's locks need a local one.
  std::filesystem::path path = {};
  /// How long a write waits for other processes before it fails with storeFailed (temporary). At least 0.
  std::chrono::milliseconds busyTimeout = std::chrono::seconds(5);
  /// Stamps the schema's history. Unset: the system's.
  std::shared_ptr<Clock> clock = {};
};

/// Opens the file and brings its schema up to date, each step in one transaction; several processes may do so
/// at once. Commits are durable: they are on the disk when a call returns. Errors: invalidArgument (no path);
/// storeFailed (cannot be made, read-only, not a database, another program's, or
///   with a schema newer than this library); corrupted (a damaged database). A file that cannot be used is
///   left exactly as it was.
/// Threads: the store may be used by any; its calls take turns. Do not fork() while one is open, as SQLite's
/// locks do
///   not survive that; starting another program is fine.
Result<std::shared_ptr<RecordStore>> openStore(StoreOptions options);

/// The newest schema that this library knows.
int newestSchema();

}  // namespace mooring::sqlite
