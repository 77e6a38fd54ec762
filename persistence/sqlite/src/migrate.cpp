#include <mooring/sqlite/store.hpp>

#include "migrations.hpp"

namespace mooring::sqlite {
namespace {

constexpr int applicationId = 1836019570;  // As in 0001_records.sql.

int schemaOf(Connection& connection) {
  auto& database = connection.database();
  if (!database.tableExists("schema_migrations")) return 0;
  return database.execAndGet("SELECT coalesce(max(number), 0) FROM schema_migrations").getInt();
}

Result<void> checkKnown(Connection& connection, int schema, std::span<const Migration> known) {
  if (schema <= known.back().number) return {};
  return failure(Errc::storeFailed,
                 "database " + connection.path().string() + " has schema " + std::to_string(schema) +
                     ", and this mooring knows up to " + std::to_string(known.back().number) +
                     ": use a newer mooring; nothing was changed");
}

}  // namespace

int newestSchema() { return migrations().back().number; }

Result<void> checkOurs(Connection& connection, std::span<const Migration> known) {
  auto& database = connection.database();
  const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (!empty && database.execAndGet("PRAGMA application_id").getInt() != applicationId) {
    return failure(Errc::storeFailed,
                   "database " + connection.path().string() +
                       " belongs to another program; name another file. Nothing was changed");
  }
  return checkKnown(connection, schemaOf(connection), known);
}

Result<void> migrate(Connection& connection, std::span<const Migration> known, Timestamp now) {
  while (schemaOf(connection) != known.back().number) {
    auto step = connection.write([&]() -> Result<void> {
      const int schema = schemaOf(connection);  // Again, now that nobody else can change it.
      if (auto checked = checkKnown(connection, schema, known); !checked) return checked;
      if (schema == known.back().number) return {};
      const auto& migration = known[static_cast<std::size_t>(schema)];
      connection.database().exec(
          "CREATE TABLE IF NOT EXISTS schema_migrations "
          "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, appliedAt INTEGER NOT NULL) STRICT");
      connection.database().exec(std::string(migration.sql));
      SQLite::Statement note(connection.database(),
                             "INSERT INTO schema_migrations (number, name, appliedAt) VALUES (?, ?, ?)");
      note.bind(1, migration.number);
      note.bind(2, std::string(migration.name));
      note.bind(3, std::int64_t{now.time_since_epoch().count()});
      note.exec();
      return {};
    });
    if (!step) return step;
  }
  return {};
}

}  // namespace mooring::sqlite
