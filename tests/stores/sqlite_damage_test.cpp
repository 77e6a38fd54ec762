#include <mooring/sqlite/store.hpp>

#include "subject.hpp"
#include "support/temp_dir.hpp"

#include <SQLiteCpp/Database.h>

using namespace mooring;

namespace {

/// A database with one of everything.
std::filesystem::path makeDatabase(const test::TempDir& directory) {
  const auto path = directory / "records.db";
  auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  RecordChange change;
  change.record = test::fullRecord(1);
  change.events = {test::plainEvent(1, EventReason::created)};
  change.incurred = {test::plainDebt(1)};
  REQUIRE(test::ok((*store)->insert(change)));
  REQUIRE(test::ok((*store)->insertCommand(test::plainCommand(1, 1))));
  return path;
}

void damage(const std::filesystem::path& path, const std::string& sql) {
  SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
  REQUIRE(database.exec(sql) == 1);
}

}  // namespace

TEST_CASE("sqlite/damage: a value of a record that is not understood is named, never replaced",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = makeDatabase(directory);
  const auto [column, value] = GENERATE(
      table<std::string, std::string>({{"status", "'actve'"},
                                       {"generation", "99999999999"},
                                       {"config", "'{\"provider\": 1}'"},
                                       {"config", "'{\"surprise\": true}'"},
                                       {"connection", "'{'"},
                                       {"config", "'[]'"},
                                       {"connection", "'no'"},
                                       {"error", "'{}'"},
                                       {"error", "'{\"code\":\"x\",\"message\":\"\",\"at\":1}'"}}));
  damage(path, "UPDATE sandboxes SET " + column + " = " + value);
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  const auto where = "sandboxes." + column + " of " + test::sandboxId(1).value;
  CHECK(test::failsWith((*store)->get(test::sandboxId(1)), Errc::corrupted, where));
  CHECK(test::failsWith((*store)->list({}, {}), Errc::corrupted, where));
  CHECK(test::failsWith((*store)->findByKey(test::fullRecord(1).provisionKey), Errc::corrupted, where));
}

TEST_CASE("sqlite/damage: a status that is not understood is not overwritten", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = makeDatabase(directory);
  damage(path, "UPDATE sandboxes SET status = 'actve'");
  damage(path, "UPDATE commands SET status = 'runing'");
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  RecordChange change;
  change.record = test::fullRecord(1);
  change.record.version = 1;
  CHECK(test::failsWith((*store)->update(change, 41), Errc::corrupted, "sandboxes.status"));
  CHECK(
      test::failsWith((*store)->updateCommand(test::plainCommand(1, 1)), Errc::corrupted, "commands.status"));
  SQLite::Database database(path.string());
  CHECK(database.execAndGet("SELECT status FROM sandboxes").getString() == "actve");
  CHECK(database.execAndGet("SELECT status FROM commands").getString() == "runing");
}

TEST_CASE("sqlite/damage: so it is for events, debts and commands", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = makeDatabase(directory);
  damage(path, "UPDATE sandbox_events SET reason = 'because'");
  damage(path, "UPDATE debts SET kind = 'pay'");
  damage(path, "UPDATE commands SET args = x'6162'");
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  CHECK(test::failsWith(
      (*store)->events(test::sandboxId(1), 0, 10), Errc::corrupted, "sandbox_events.reason of 1"));
  CHECK(test::failsWith((*store)->debts(), Errc::corrupted, "debts.kind of 1"));
  CHECK(test::failsWith((*store)->getCommand(test::commandId(1)),
                        Errc::corrupted,
                        "commands.args of " + test::commandId(1).value));
  CHECK(test::failsWith((*store)->listCommands(test::sandboxId(1)), Errc::corrupted, "commands.args"));
  CHECK(test::ok((*store)->get(test::sandboxId(1))));
}

TEST_CASE("sqlite/busy: a database that stays locked is a temporary failure, and works afterwards",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = makeDatabase(directory);
  const auto store = sqlite::openStore({.path = path, .busyTimeout = std::chrono::milliseconds(1)});
  REQUIRE(test::ok(store));
  SQLite::Database other(path.string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const auto refused = (*store)->touch(test::sandboxId(1), test::at(1000));
  CHECK(test::failsWith(refused, Errc::storeFailed, path.string()));
  CHECK(refused.error().transience == Transience::temporary);
  CHECK(test::ok((*store)->get(test::sandboxId(1))));
  other.exec("ROLLBACK");
  CHECK(test::ok((*store)->touch(test::sandboxId(1), test::at(1000))));
}
