#include <mooring/sqlite/store.hpp>

#include "subject.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

#include <SQLiteCpp/Database.h>

#include <map>
#include <sys/stat.h>

using namespace mooring;
namespace fs = std::filesystem;

namespace {

int modeOf(const fs::path& path) { return static_cast<int>(fs::status(path).permissions()) & 0777; }

/// Name, mode and bytes of all that lies in a directory.
std::map<std::string, std::string> contents(const fs::path& directory) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto bytes = entry.is_regular_file() ? test::readFile(entry.path()) : std::string();
    out.emplace(entry.path().filename().string(), std::to_string(modeOf(entry.path())) + ":" + bytes);
  }
  return out;
}

/// Opening fails with `code`, names the file and `subject`, and leaves everything as it is.
void refuses(const fs::path& path, Errc code, const std::string& subject) {
  const auto before = contents(path.parent_path());
  const auto store = sqlite::openStore({.path = path});
  CHECK(test::failsWith(store, code, subject));
  CHECK(test::failsWith(store, code, path.string()));
  CHECK((contents(path.parent_path()) == before));
}

void makeDatabase(const fs::path& path) {
  auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  RecordChange change;
  change.record = test::fullRecord(1);
  REQUIRE(test::ok((*store)->insert(change)));
}

void overwrite(const fs::path& path, std::size_t offset, const std::string& bytes) {
  auto content = test::readFile(path);
  REQUIRE(content.size() > offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
  test::writeFile(path, content);
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("sqlite/file: nobody else can read it, its log or its directories, whatever the umask",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const Umask everything(GENERATE(mode_t{0}, mode_t{022}));
  const auto path = directory / "a/b/records.db";
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  RecordChange change;
  change.record = test::plainRecord(1);
  REQUIRE(test::ok((*store)->insert(change)));
  CHECK(modeOf(directory / "a") == 0700);
  CHECK(modeOf(directory / "a/b") == 0700);
  CHECK(modeOf(path) == 0600);
  CHECK(modeOf(path.string() + "-wal") == 0600);
  CHECK(modeOf(path.string() + "-shm") == 0600);
}

TEST_CASE("sqlite/file: closed by the last one, it is one file", "[stores][sqlite]") {
  const test::TempDir directory;
  makeDatabase(directory / "records.db");
  CHECK(contents(directory.path()).size() == 1);
}

TEST_CASE("sqlite/file: a relative path, and names that mean something to SQLite, are names of files",
          "[stores][sqlite]") {
  const test::TempDir directory;
  const auto name = GENERATE(as<std::string>{}, "file:x?mode=memory", ":memory:", "a b%20#ü.db");
  const auto here = fs::current_path();
  fs::current_path(directory.path());
  auto store = sqlite::openStore({.path = name});
  fs::current_path(here);
  REQUIRE(test::ok(store));
  CHECK(fs::file_size(directory / name) > 0);
}

TEST_CASE("sqlite/file: an empty file, as an interrupted opening leaves one, becomes a database",
          "[stores][sqlite]") {
  const test::TempDir directory;
  test::writeFile(directory / "records.db", "");
  makeDatabase(directory / "records.db");
}

TEST_CASE("sqlite/file: a newer schema is refused and left as it is", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  SECTION("at rest") {
    makeDatabase(path);
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE)
        .exec("INSERT INTO schema_migrations (number, name, appliedAt) VALUES (99, 'later', 0)");
    refuses(path, Errc::storeFailed, "schema 99");
  }
  SECTION("in the log of a process that was killed") {
    test::Child child(MOORING_STORE_CHILD, {.args = {"become-newer", path.string()}});
    REQUIRE(child.waitFor("written"));
    child.kill();
    const auto wal = path.string() + "-wal";
    const auto before = test::readFile(path);
    const auto log = test::readFile(wal);
    REQUIRE_FALSE(log.empty());
    CHECK(test::failsWith(sqlite::openStore({.path = path}), Errc::storeFailed, "schema 99"));
    CHECK((test::readFile(path) == before));
    CHECK((test::readFile(wal) == log));
  }
}

TEST_CASE("sqlite/file: what is no database of ours is refused and left as it is", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  SECTION("text") {
    test::writeFile(path, std::string(5000, 'x'));
    refuses(path, Errc::storeFailed, "not a SQLite database");
  }
  SECTION("a short text") {
    test::writeFile(path, "hello");
    refuses(path, Errc::storeFailed, "not a SQLite database");
  }
  SECTION("another program's") {
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE t (a)");
    refuses(path, Errc::storeFailed, "another program");
  }
  SECTION("another program's with a log") {
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    refuses(path, Errc::storeFailed, "another program");
  }
  SECTION("a directory") {
    fs::create_directory(path);
    refuses(path, Errc::storeFailed, "is a directory");
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto store = sqlite::openStore({.path = path});
    CHECK(test::failsWith(store, Errc::storeFailed, "not a regular file"));
  }
}

TEST_CASE("sqlite/file: a damaged database is refused and left as it is", "[stores][sqlite]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  makeDatabase(path);
  SECTION("in its schema") {
    overwrite(path, 100, std::string(3000, '\x5a'));
    refuses(path, Errc::corrupted, "damaged");
  }
  SECTION("cut short") {
    fs::resize_file(path, fs::file_size(path) / 2);
    refuses(path, Errc::corrupted, "damaged");
  }
  SECTION("in its first bytes") {
    overwrite(path, 0, "nothing like SQLite");
    refuses(path, Errc::storeFailed, "not a SQLite database");
  }
}

TEST_CASE("sqlite/file: what may not be written is refused, with what to do, and left as it is",
          "[stores][sqlite]") {
  const test::TempDir directory;
  fs::permissions(directory.path(), fs::perms::all);
  const auto inside = directory / "d";
  fs::create_directory(inside);
  const auto path = inside / "records.db";
  makeDatabase(path);
  fs::permissions(path, fs::perms(0666));
  fs::permissions(inside, fs::perms(0777));
  std::string subject;
  fs::path asked = path;
  SECTION("a read-only file") {
    fs::permissions(path, fs::perms(0444));
    subject = "cannot be read and written";
  }
  SECTION("a read-only directory") {
    fs::permissions(inside, fs::perms(0555));
    subject = "needs a writable directory";
  }
  SECTION("a file to be made in a read-only directory") {
    fs::permissions(inside, fs::perms(0555));
    asked = inside / "new.db";
    subject = "cannot be made";
  }
  SECTION("directories to be made in a read-only directory") {
    fs::permissions(inside, fs::perms(0555));
    asked = inside / "x/y/new.db";
    subject = "cannot be made: directory";
  }
  const auto before = contents(inside);
  test::Child child(MOORING_STORE_CHILD, {.args = {"open-as-nobody", asked.string()}});
  const auto line = child.line().value_or("ended");
  INFO(line);
  CHECK(line.starts_with("storeFailed"));
  CHECK(line.find(subject) != std::string::npos);
  CHECK(line.find(asked.string()) != std::string::npos);
  CHECK((contents(inside) == before));
}

TEST_CASE("sqlite/file: options that cannot be are refused", "[stores][sqlite]") {
  CHECK(test::failsWith(sqlite::openStore({}), Errc::invalidArgument, "path"));
  const test::TempDir directory;
  CHECK(test::failsWith(
      sqlite::openStore({.path = directory / "x.db", .busyTimeout = std::chrono::milliseconds(-1)}),
      Errc::invalidArgument,
      "busyTimeout"));
}
