#include <mooring/sqlite/store.hpp>

#include "subject.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

#include <SQLiteCpp/Database.h>

using namespace mooring;

TEST_CASE("sqlite/crash: what was acknowledged before kill -9 is there, whole, and the database is sound",
          "[stores][sqlite][crash]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  int acknowledged = 0;
  for (const int more : {1, 7, 40}) {  // Killed again and again, with the last one's log still lying there.
    test::Child child(MOORING_STORE_CHILD,
                      {.args = {"insert", path.string(), std::to_string(acknowledged + 1)}});
    for (int i = 0; i < more; ++i) {
      const auto line = child.line();
      REQUIRE(line);
      acknowledged = std::stoi(*line);
    }
    child.kill();
    for (const auto& line : child.rest())
      acknowledged = std::stoi(line);

    const auto opened = sqlite::openStore({.path = path});
    REQUIRE(test::ok(opened));
    auto& store = **opened;
    for (int n = 1; n <= acknowledged; ++n) {
      auto expected = test::fullRecord(n);
      expected.version = 1;
      const auto record = store.get(test::sandboxId(n));
      REQUIRE(test::ok(record));
      REQUIRE(test::text(*record) == test::text(expected));
      REQUIRE(store.events(test::sandboxId(n), 0, 10)->size() == 1);
    }
    // At most one more may have been committed and not acknowledged; then it is whole as well.
    const auto count = *store.count({});
    CHECK(count >= acknowledged);
    CHECK(count <= acknowledged + 1);
    CHECK(store.debts()->size() == static_cast<std::size_t>(count));
    CHECK(store.events(test::sandboxId(static_cast<int>(count)), 0, 10)->size() == 1);
    acknowledged = static_cast<int>(count);

    SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
    CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
  }
}

TEST_CASE("sqlite/full: a disk without room is one clear error, loses nothing, and is no end",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  test::Child child(MOORING_STORE_CHILD, {.args = {"fill", path.string()}});
  const auto committed = child.line();
  REQUIRE(committed);
  CHECK(std::stoi(*committed) > 0);
  const auto error = child.line().value_or("ended");
  INFO(error);
  CHECK(error.starts_with("storeFailed"));
  CHECK(error.find(path.string()) != std::string::npos);
  CHECK((error.find("disk") != std::string::npos));
  CHECK(child.line() == "won");
  CHECK(child.wait() == 0);
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  CHECK((*store)->count({}) == std::stoi(*committed) + 1);
}
