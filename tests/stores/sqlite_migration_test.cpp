#include "open.hpp"
#include "subject.hpp"
#include "support/child.hpp"
#include "support/sources.hpp"
#include "support/temp_dir.hpp"

#include <SQLiteCpp/Database.h>

using namespace mooring;
using sqlite::Migration;

namespace {

std::vector<Migration> historyWith(const char* second) {
  std::vector<Migration> out(sqlite::migrations().begin(), sqlite::migrations().end());
  out.push_back({static_cast<int>(out.size()) + 1, "9999_next", second});
  return out;
}

std::string one(const std::filesystem::path& path, const std::string& sql) {
  return SQLite::Database(path.string()).execAndGet(sql).getString();
}

}  // namespace

TEST_CASE("sqlite/migrate: the history is numbered without gaps from 1", "[stores][sqlite]") {
  int number = 0;
  for (const auto& migration : sqlite::migrations()) {
    CHECK(migration.number == ++number);
    CHECK_FALSE(migration.sql.empty());
  }
  CHECK(sqlite::newestSchema() == number);
}

TEST_CASE("sqlite/migrate: a new step is applied once to a database that has the old ones",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  const auto clock = std::make_shared<test::FakeClock>();
  std::string deployment;
  {
    const auto store = sqlite::openStore({.path = path, .clock = clock});
    REQUIRE(test::ok(store));
    deployment = (*store)->deploymentId().value();
  }
  const auto first = one(path, "SELECT appliedAt FROM schema_migrations WHERE number = 1");
  CHECK(first == std::to_string(test::FakeClock::start().time_since_epoch().count()));

  const auto history = historyWith("CREATE TABLE extra (a INTEGER) STRICT; INSERT INTO extra VALUES (1);");
  for (int opening = 0; opening < 2; ++opening) {
    clock->advance(std::chrono::hours(1));
    REQUIRE(test::ok(sqlite::openDatabase({.path = path, .clock = clock}, history)));
  }
  CHECK(one(path, "SELECT count(*) FROM extra") == "1");
  CHECK(
      one(path, "SELECT group_concat(number) FROM (SELECT number FROM schema_migrations ORDER BY number)") ==
      (sqlite::newestSchema() == 1 ? "1,2"
                                   : one(path, "SELECT group_concat(number) FROM schema_migrations")));
  CHECK(one(path, "SELECT appliedAt FROM schema_migrations WHERE number = 1") == first);
  CHECK(one(path, "SELECT deploymentId FROM deployment") == deployment);
  // And the version before that step refuses what the one with it has made.
  CHECK(test::failsWith(sqlite::openStore({.path = path}), Errc::storeFailed, "use a newer mooring"));
}

TEST_CASE("sqlite/migrate: a step that fails leaves the schema before it", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  const auto history = historyWith("CREATE TABLE extra (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
  CHECK(test::failsWith(sqlite::openDatabase({.path = path}, history), Errc::storeFailed, "nowhere"));
  CHECK(one(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'") == "0");
  CHECK(one(path, "SELECT max(number) FROM schema_migrations") == std::to_string(sqlite::newestSchema()));
  CHECK(test::ok(sqlite::openStore({.path = path})));
}

TEST_CASE("sqlite/migrate: eight processes that open a new file at once make one database",
          "[stores][sqlite][race]") {
  for (int round = 0; round < 3; ++round) {
    const test::TempDir directory;
    const auto path = directory / "sub/records.db";
    std::vector<test::Child> children;
    children.reserve(8);
    for (int i = 0; i < 8; ++i) {
      children.emplace_back(MOORING_STORE_CHILD, test::ChildOptions{.args = {"open", path.string()}});
    }
    for (auto& child : children)
      REQUIRE(child.waitFor("ready"));
    for (auto& child : children)
      REQUIRE(child.send("go"));
    std::vector<std::string> ids;
    ids.reserve(children.size());
    for (auto& child : children)
      ids.push_back(child.line().value_or("ended"));
    CHECK(ids == std::vector<std::string>(8, one(path, "SELECT deploymentId FROM deployment")));
    CHECK(one(path, "SELECT count(*) FROM schema_migrations") == std::to_string(sqlite::newestSchema()));
    for (auto& child : children)
      REQUIRE(child.send("done"));
    for (auto& child : children)
      CHECK(child.wait() == 0);
  }
}

TEST_CASE("sqlite/connection: commits are durable, and references are held", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto connection = sqlite::openDatabase({.path = directory / "records.db"}, sqlite::migrations());
  REQUIRE(test::ok(connection));
  auto& database = (*connection)->database();
  CHECK(database.execAndGet("PRAGMA synchronous").getInt() == 2);
  CHECK(database.execAndGet("PRAGMA journal_mode").getString() == "wal");
  CHECK(database.execAndGet("PRAGMA foreign_keys").getInt() == 1);
  for (const std::string table :
       {"deployment", "sandboxes", "sandbox_events", "debts", "commands", "schema_migrations"}) {
    INFO(table);
    CHECK(database.execAndGet("SELECT strict FROM pragma_table_list WHERE name = '" + table + "'").getInt() ==
          1);
  }
}

TEST_CASE("sqlite/connection: what is derived from a config can be asked for in SQL", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  RecordChange change;
  change.record = test::fullRecord(1);
  REQUIRE(test::ok((*store)->insert(change)));
  CHECK(one(path, "SELECT runtime || ' ' || vcpus || ' ' || ports FROM sandboxes") ==
        "python3.12 2 [80,65535]");
  CHECK(one(path, "SELECT params ->> '$.count' FROM sandboxes") == "9223372036854775807");
}
