#include "filters.hpp"
#include "open.hpp"
#include "subject.hpp"
#include "support/temp_dir.hpp"

#include <SQLiteCpp/Database.h>

#include <sqlite3.h>

using namespace mooring;

namespace {

std::vector<RecordFilter> everyFilter() {
  std::vector<RecordFilter> out;
  for (int mask = 0; mask < 8; ++mask) {
    RecordFilter filter;
    if ((mask & 1) != 0) filter.status = SandboxStatus::active;
    if ((mask & 2) != 0) filter.provider = "local";
    if ((mask & 4) != 0) filter.purpose = "parse";
    out.push_back(filter);
  }
  return out;
}

std::unique_ptr<sqlite::Connection> open(const test::TempDir& directory) {
  auto connection = sqlite::openDatabase({.path = directory / "records.db"}, sqlite::migrations());
  REQUIRE(test::ok(connection));
  return std::move(*connection);
}

std::string planOf(SQLite::Database& database, const std::string& sql) {
  std::string out;
  SQLite::Statement explain(database, "EXPLAIN QUERY PLAN " + sql);
  while (explain.executeStep())
    out += explain.getColumn("detail").getString() + "\n";
  return out;
}

/// Sandboxes `first` to `last`, of which every eleventh is rare in all of its columns.
void grow(SQLite::Database& database, int first, int last) {
  database.exec(
      "INSERT INTO sandboxes (sandboxId, provider, externalSandboxId, provisionKey, generation, status, "
      "version, "
      "sandboxUrl, timeoutMs, purpose, config, configHash, connection, leaseOwner, leaseToken, lastUsedAt, "
      "createdAt, "
      "updatedAt) WITH RECURSIVE n(i) AS (SELECT " +
      std::to_string(first) + " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(last) +
      ") SELECT printf('%012d', i), iif(i % 11, 'other', 'local'), i, i, 1, iif(i % 11, 'shutdown', "
      "'active'), 1, '', 0, iif(i % 11, 'other', 'parse'), '{}', '', '{}', '', 0, i, i, i FROM n");
}

/// The work of reading the second page of ten, in steps of SQLite's machine.
int stepsOf(sqlite::Connection& connection, const RecordFilter& filter) {
  const auto sql = sqlite::listSql(filter, true);
  SQLite::Statement statement(connection.database(), sql);
  auto* raw = sqlite3_next_stmt(connection.database().getHandle(), nullptr);
  while (raw != nullptr && sqlite3_sql(raw) != sql)
    raw = sqlite3_next_stmt(connection.database().getHandle(), raw);
  REQUIRE(raw != nullptr);
  sqlite::Query query(statement);
  sqlite::bindFilter(query, filter);
  query.bind(":cursor", std::string("000000000900")).bind(":limit", 10);
  int rows = 0;
  while (query.next())
    ++rows;
  REQUIRE(rows == 10);
  CHECK(sqlite3_stmt_status(raw, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) == 0);
  CHECK(sqlite3_stmt_status(raw, SQLITE_STMTSTATUS_SORT, 0) == 0);
  return sqlite3_stmt_status(raw, SQLITE_STMTSTATUS_VM_STEP, 0);
}

}  // namespace

TEST_CASE("sqlite/list: every filter walks along one index, without sorting", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto connection = open(directory);
  for (const auto& filter : everyFilter()) {
    for (const bool hasCursor : {false, true}) {
      const auto plan = planOf(connection->database(), sqlite::listSql(filter, hasCursor));
      INFO(plan);
      CHECK(plan.find("TEMP B-TREE") == std::string::npos);
      const int bound = (filter.status ? 1 : 0) + (filter.provider ? 1 : 0) + (filter.purpose ? 1 : 0);
      if (bound == 0 && !hasCursor) {
        CHECK(plan.starts_with("SCAN sandboxes USING INDEX"));  // All there is, in the order of the index.
        continue;
      }
      CHECK(plan.starts_with("SEARCH sandboxes USING INDEX"));
      for (const auto& [wanted, condition] : {std::pair(filter.status.has_value(), "status=?"),
                                              std::pair(filter.provider.has_value(), "provider=?"),
                                              std::pair(filter.purpose.has_value(), "purpose=?"),
                                              std::pair(hasCursor, "sandboxId<?")}) {
        if (wanted) CHECK(plan.find(condition) != std::string::npos);
      }
    }
  }
}

TEST_CASE("sqlite/list: a page costs the same at twenty thousand records as at one thousand",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto connection = open(directory);
  grow(connection->database(), 1, 1000);
  std::vector<int> small;
  for (const auto& filter : everyFilter())
    small.push_back(stepsOf(*connection, filter));
  grow(connection->database(), 1001, 20'000);
  const bool analyzed = GENERATE(false, true);
  if (analyzed) connection->database().exec("ANALYZE");
  std::vector<int> large;
  for (const auto& filter : everyFilter())
    large.push_back(stepsOf(*connection, filter));
  CHECK(large == small);
}

TEST_CASE("sqlite/lookup: keys, external ids, events and commands are found by index", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto connection = open(directory);
  for (const std::string sql :
       {"SELECT * FROM sandboxes WHERE sandboxId = ?",
        "SELECT * FROM sandboxes WHERE provisionKey = ?",
        "SELECT * FROM sandboxes WHERE externalSandboxId = ?",
        "SELECT * FROM sandbox_events WHERE sandboxId = ? AND seq > ? ORDER BY seq LIMIT ?",
        "SELECT * FROM commands WHERE commandId = ?",
        "SELECT * FROM commands WHERE sandboxId = ? ORDER BY commandId DESC",
        "SELECT * FROM sandboxes WHERE createdAt > ?",
        "SELECT * FROM sandboxes WHERE shutdownAt > ?"}) {
    const auto plan = planOf(connection->database(), sql);
    INFO(sql << "\n" << plan);
    CHECK(plan.starts_with("SEARCH"));
    CHECK(plan.find("TEMP B-TREE") == std::string::npos);
  }
}
