#include "open.hpp"

#include "file.hpp"
#include "store.hpp"

namespace mooring::sqlite {
namespace {

/// Whether a log with contents lies beside the file: one of a writer that is at work, or that was killed.
bool hasLog(const std::filesystem::path& path) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(path.string() + "-wal", ec);
  return !ec && size > 0;
}

Result<std::unique_ptr<Connection>> openUsable(const std::filesystem::path& path,
                                               const StoreOptions& options,
                                               std::span<const Migration> known) {
  const bool log = hasLog(path);
  auto connection = std::make_unique<Connection>(path, options.busyTimeout);
  connection->tidyOnClose(!log);  // Until we know that it is ours, a log must not be moved into the database.
  if (auto ours = checkOurs(*connection, known); !ours) return std::unexpected(std::move(ours).error());
  connection->tidyOnClose(true);
  connection->configure();
  const auto now = (options.clock ? options.clock : systemClock())->now();
  if (auto migrated = migrate(*connection, known, now); !migrated)
    return std::unexpected(std::move(migrated).error());
  return connection;
}

}  // namespace

Result<std::unique_ptr<Connection>> openDatabase(const StoreOptions& options,
                                                 std::span<const Migration> known) {
  if (options.path.empty()) return failure(Errc::invalidArgument, "a store needs the path of its database");
  if (options.busyTimeout.count() < 0)
    return failure(Errc::invalidArgument, "busyTimeout cannot be negative");
  return caught(options.path, [&]() -> Result<std::unique_ptr<Connection>> {
    // Absolute, so that SQLite takes no path for a URI or for ":memory:".
    const auto path = std::filesystem::absolute(options.path).lexically_normal();
    std::error_code ec;
    if (!std::filesystem::exists(path, ec)) {
      if (auto made = makeFile(path); !made) return std::unexpected(std::move(made).error());
    }
    if (auto usable = checkUsable(path); !usable) return std::unexpected(std::move(usable).error());
    return openUsable(path, options, known);
  });
}

Result<std::shared_ptr<RecordStore>> openStore(StoreOptions options) {
  auto connection = openDatabase(options, migrations());
  if (!connection) return std::unexpected(std::move(connection).error());
  return std::make_shared<Store>(std::move(*connection));
}

}  // namespace mooring::sqlite
