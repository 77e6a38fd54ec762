#include "core.hpp"
#include "map_files.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"

using namespace mooring;
using test::MapFiles;

namespace {

/// One active record, which no call on files has a reason to change.
class OneRecord final : public RecordStore {
 public:
  SandboxRecord record;
  int changes = 0;

  Result<SandboxRecord> get(const SandboxId& id) override {
    if (id != record.sandboxId) return failure(Errc::notFound, "no sandbox " + id.value);
    return record;
  }
  Result<SandboxRecord> insert(const RecordChange&) override { return unwanted(); }
  Result<SandboxRecord> update(const RecordChange&, std::int64_t) override { return unwanted(); }
  Result<SandboxPage> list(const RecordFilter&, const PageRequest&) override { return unwanted(); }
  Result<std::int64_t> count(const RecordFilter&) override { return unwanted(); }
  Result<std::optional<SandboxRecord>> findByKey(const std::string&) override { return unwanted(); }
  Result<void> renewLease(const SandboxId&, std::int64_t, Timestamp) override { return unwanted(); }
  Result<void> touch(const SandboxId&, Timestamp) override { return unwanted(); }
  Result<std::vector<SandboxEvent>> events(const SandboxId&, std::int64_t, int) override {
    return unwanted();
  }
  Result<std::vector<Debt>> debts() override { return unwanted(); }
  Result<void> debtFailed(std::int64_t, const std::string&) override { return unwanted(); }
  Result<void> debtPaid(std::int64_t, const SandboxEvent&) override { return unwanted(); }
  Result<void> insertCommand(const CommandRecord&) override { return unwanted(); }
  Result<void> updateCommand(const CommandRecord&) override { return unwanted(); }
  Result<CommandRecord> getCommand(const CommandId&) override { return unwanted(); }
  Result<std::vector<CommandRecord>> listCommands(const SandboxId&) override { return unwanted(); }
  Result<std::string> deploymentId() override { return unwanted(); }
  [[nodiscard]] std::int64_t commits() const override { return changes; }

 private:
  std::unexpected<Error> unwanted() {
    ++changes;
    return failure(Errc::internal, "files have no business here");
  }
};

struct World {
  std::shared_ptr<MapFiles> box = std::make_shared<MapFiles>();
  std::shared_ptr<OneRecord> store = std::make_shared<OneRecord>();
  test::TempDir dir;

  [[nodiscard]] Files files(const std::string& id = "s") const {
    auto core = std::make_shared<detail::Core>();
    core->loop = detail::loopOf(*test::engine());
    core->storeThread = detail::storeThreadOf(*test::engine());
    core->blockingThreads = detail::blockingThreadsOf(*test::engine());
    core->parts.clock = systemClock();
    core->parts.ids = std::make_shared<test::FakeIds>();
    core->parts.store = store;
    core->providers.emplace("map", box);
    store->record.sandboxId = SandboxId("s");
    store->record.provider = "map";
    store->record.externalSandboxId = ExternalSandboxId("x");
    store->record.status = SandboxStatus::active;
    store->record.lastUsedAt = core->parts.clock->now();
    return Files(detail::Handle{.engine = test::engine(), .core = core}, SandboxId(id));
  }
};

class StringSink final : public ByteSink {
 public:
  std::string text;
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
};

}  // namespace

TEST_CASE("files: what was written is read, without a commit", "[unit][files]") {
  World world;
  // The handle is a temporary: its operations must not need it.
  REQUIRE(test::ok(world.files().write("/f", "seven bytes", {.mode = 0600}).get()));
  CHECK(world.box->nodes["/f"].mode == 0600);
  auto read = world.files().read("/f").get();
  REQUIRE(test::ok(read));
  CHECK(*read == "seven bytes");
  CHECK(world.store->changes == 0);
  CHECK(world.box->attached == 0);
}

TEST_CASE("files/read: memory is bounded, and the error says by what", "[unit][files]") {
  World world;
  world.box->nodes["/f"] = {.bytes = std::string(100, 'x')};
  REQUIRE(test::ok(world.files().read("/f", 100).get()));
  const auto read = world.files().read("/f", 99).get();
  CHECK(test::failsWith(read, Errc::quotaExceeded, "100 bytes, the limit is 99"));
  CHECK(test::failsWith(read, Errc::quotaExceeded, "/f"));
  CHECK_FALSE(read.error().retryable());
  CHECK(read.error().operation == "read");
}

TEST_CASE("files: an impossible request is refused before the record is looked at", "[unit][files]") {
  World world;
  const auto files = world.files("nobody");
  const auto path = GENERATE(as<std::string>{}, "", std::string("a\0b", 3));
  CHECK(test::failsWith(files.read(path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.write(path, "x").get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.list(path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.stat(path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.makeDirectory(path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.remove(path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.move("/a", path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.setMode(path, 0644).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.upload(path, "/to").get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.download("/t", path).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.setMode("/f", 010000).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.readTo("/f", nullptr).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.writeFrom("/f", nullptr).get(), Errc::invalidArgument));
  CHECK(test::failsWith(files.stat("/f").get(), Errc::notFound, "nobody"));
}

TEST_CASE("files: a sandbox that sleeps is woken, and the call repeated", "[unit][files]") {
  World world;
  world.box->failNext = makeError(Errc::notRunning, "asleep");
  SECTION("write") {
    REQUIRE(test::ok(world.files().write("/f", "bytes").get()));
    CHECK(world.box->nodes["/f"].bytes == "bytes");
  }
  SECTION("write, half sent") {
    world.box->failNext.reset();
    world.box->breakNext = makeError(Errc::notRunning, "asleep");
    REQUIRE(test::ok(world.files().write("/f", "bytes that stay").get()));
    CHECK(world.box->nodes["/f"].bytes == "bytes that stay");
  }
  SECTION("writeFrom, of which nothing was read") {
    REQUIRE(test::ok(world.files().writeFrom("/f", sourceOf("stream")).get()));
    CHECK(world.box->nodes["/f"].bytes == "stream");
  }
  SECTION("readTo, which had given nothing") {
    world.box->nodes["/f"] = {.bytes = "content"};
    auto sink = std::make_shared<StringSink>();
    REQUIRE(test::ok(world.files().readTo("/f", sink).get()));
    CHECK(sink->text == "content");
  }
  SECTION("upload") {
    test::writeFile(world.dir / "t/f", "content");
    auto sent = world.files().upload(world.dir / "t", "/to").get();
    REQUIRE(test::ok(sent));
    CHECK(sent->files == 1);
    CHECK(world.box->nodes["/to/f"].bytes == "content");
  }
  CHECK(world.box->attached == 1);
}

TEST_CASE("files: a stream that was partly used is never used again", "[unit][files]") {
  World world;
  SECTION("source") {
    world.box->breakNext = makeError(Errc::notRunning, "asleep");
    CHECK(test::failsWith(world.files().writeFrom("/f", sourceOf("stream")).get(), Errc::notRunning, "/f"));
    CHECK_FALSE(world.box->nodes.contains("/f"));
  }
  SECTION("sink") {
    world.box->nodes["/f"] = {.bytes = "content"};
    int pieces = 0;
    world.box->beforeRead = [&](const std::string&) -> Result<void> {
      if (++pieces == 2) return failure(Errc::notRunning, "asleep");
      return {};
    };
    auto sink = std::make_shared<StringSink>();
    CHECK(test::failsWith(world.files().readTo("/f", sink).get(), Errc::notRunning, "/f"));
    CHECK(sink->text == "con");
  }
  CHECK(world.box->attached == 0);
}

TEST_CASE("files: errors name the operation and what it was about", "[unit][files]") {
  World world;
  const auto listed = world.files().list("/none").get();
  CHECK(test::failsWith(listed, Errc::notFound, "/none"));
  CHECK(listed.error().operation == "list");
  CHECK(listed.error().provider == "map");
  const auto moved = world.files().move("/a", "/b").get();
  CHECK(test::failsWith(moved, Errc::unsupported, "move /a to /b"));
  world.box->nodes["/t/f"] = {.name = "../f"};
  CHECK(test::failsWith(world.files().list("/t").get(), Errc::corrupted, "../f"));
}

TEST_CASE("files: a tree goes there and back", "[unit][files]") {
  World world;
  test::writeFile(world.dir / "from/a/b", "bytes");
  const auto files = world.files();
  REQUIRE(test::ok(files.upload(world.dir / "from", "/t").get()));
  world.box->nodes["/t/a"] = {.type = FileType::directory, .mode = 0755};  // A map makes no parents.
  auto got = files.download("/t", world.dir / "to").get();
  REQUIRE(test::ok(got));
  CHECK(got->bytes == 5);
  CHECK(test::readFile(world.dir / "to/a/b") == "bytes");
}
