#include "duration.hpp"
#include "exec/frames.hpp"
#include "fs/paths.hpp"
#include "fs/snapshot.hpp"
#include "knobs.hpp"
#include "paging.hpp"
#include "ports.hpp"
#include "sleep.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

namespace mooring::test {

using namespace sprites::emulated;
using std::chrono::milliseconds;

namespace {

Timestamp at(int ms) { return Timestamp(milliseconds(ms)); }

}  // namespace

TEST_CASE("emulator/sprites: a sprite that nobody holds falls asleep in two steps", "[unit][sprites]") {
  Sleep sleep(milliseconds(30), milliseconds(100));
  CHECK(sleep.status() == Status::cold);
  CHECK_FALSE(sleep.due());
  sleep.hold();
  sleep.become(Status::running, at(0));
  CHECK_FALSE(sleep.due());
  CHECK_FALSE(sleep.next(at(1000)));
  sleep.release(at(50));
  CHECK(sleep.due() == at(80));
  CHECK_FALSE(sleep.next(at(79)));
  CHECK(sleep.next(at(80)) == Status::warm);
  sleep.become(Status::warm, at(80));
  CHECK(sleep.due() == at(180));
  CHECK(sleep.next(at(200)) == Status::cold);
  sleep.become(Status::cold, at(200));
  CHECK_FALSE(sleep.due());
}

TEST_CASE("emulator/sprites: each of several holders keeps a sprite awake", "[unit][sprites]") {
  Sleep sleep(milliseconds(10), milliseconds(10));
  sleep.become(Status::running, at(0));
  sleep.hold();
  sleep.hold();
  sleep.release(at(5));
  CHECK(sleep.held());
  CHECK_FALSE(sleep.next(at(100)));
  sleep.release(at(100));
  CHECK(sleep.due() == at(110));
}

TEST_CASE("emulator/sprites: a span of zero never ends", "[unit][sprites]") {
  Sleep awake(milliseconds(0), milliseconds(10));
  awake.become(Status::running, at(0));
  CHECK_FALSE(awake.due());
  Sleep dozing(milliseconds(10), milliseconds(0));
  dozing.become(Status::warm, at(0));
  CHECK_FALSE(dozing.due());
}

TEST_CASE("emulator/sprites: pages go on behind the last name, whatever came or went", "[unit][sprites]") {
  const std::vector<std::string> names = {"a-1", "a-2", "a-3", "b-1"};
  const auto first = pageOf(names, "a-", "", 2);
  REQUIRE(ok(first));
  CHECK(first->names == std::vector<std::string>{"a-1", "a-2"});
  REQUIRE(first->next);
  const std::vector<std::string> later = {"a-1", "a-15", "a-25", "a-3", "b-1"};
  const auto second = pageOf(later, "a-", *first->next, 2);
  REQUIRE(ok(second));
  CHECK(second->names == std::vector<std::string>{"a-25", "a-3"});
  CHECK_FALSE(second->next);
  CHECK(pageOf(names, "", "!", 2).error().httpStatus == 400);
  CHECK(pageOf({}, "", "", 50)->names.empty());
  CHECK_FALSE(pageOf(names, "", "", 4)->next);
}

TEST_CASE("emulator/sprites: durations are read as Go writes them", "[unit][sprites]") {
  CHECK(parseDuration("timeout", "10s") == milliseconds(10'000));
  CHECK(parseDuration("timeout", "1m30s") == milliseconds(90'000));
  CHECK(parseDuration("timeout", "1.5h") == milliseconds(5'400'000));
  CHECK(parseDuration("timeout", "250ms") == milliseconds(250));
  CHECK(parseDuration("timeout", "0") == milliseconds(0));
  for (const auto* wrong : {"", "10", "s", "-1s", "1 s", "1x", "1s2"}) {
    INFO(wrong);
    CHECK(parseDuration("timeout", wrong).error().httpStatus == 400);
  }
}

TEST_CASE("emulator/sprites: a frame is its kind and its bytes", "[unit][sprites]") {
  CHECK(frameOf(FrameKind::out, "a\n") ==
        "\x01"
        "a\n");
  CHECK(frameOf(FrameKind::input, "") == std::string(1, '\0'));
  CHECK(exitFrame(0) == std::string("\x03\0", 2));
  CHECK(exitFrame(143) == "\x03\x8f");
}

TEST_CASE("emulator/sprites: paths start at the working directory", "[unit][sprites]") {
  CHECK(placed("/a/b", "/w") == "/a/b");
  CHECK(placed("a", "/w") == "/w/a");
  CHECK(placed("./a/./b", "/w/") == "/w/a/b");
  CHECK(placed("/a//b/", "") == "/a/b");
  CHECK(placed(".", "/w") == "/w");
  CHECK(placed("/", "/w") == "/");
  CHECK(placed("a.b/.c", "/") == "/a.b/.c");
}

TEST_CASE("emulator/sprites: modes are octal, four digits", "[unit][sprites]") {
  CHECK(modeText(0644) == "0644");
  CHECK(modeText(04755) == "4755");
  CHECK(parseMode("0600") == 0600);
  CHECK(parseMode("755") == 0755);
  CHECK(parseMode("0800").error().httpStatus == 400);
  CHECK(parseMode("77777").error().httpStatus == 400);
  CHECK(parseMode("").error().httpStatus == 400);
}

TEST_CASE("emulator/sprites: ports are those of its own processes, each once", "[unit][sprites]") {
  const auto ports = listeningPorts(
      "L 1F90 111\nL 1F90 112\nL 0016 900\nP 7 111\nP 9 112\nP 7 5\nnonsense\nP 12\n");
  CHECK(ports == std::vector<ListeningPort>{{8080, 7}});
  CHECK(listeningPorts("").empty());
}

TEST_CASE("emulator/sprites: two looks at files tell what changed between them", "[unit][sprites]") {
  const auto file = [](std::uint64_t size, int mode, int ms) {
    FileInfo info;
    info.size = size;
    info.mode = mode;
    info.modifiedAt = at(ms);
    return info;
  };
  FileInfo directory;
  directory.type = FileType::directory;
  const Snapshot before = {
      {"/a", file(1, 0644, 1)}, {"/b", file(1, 0644, 1)}, {"/c", file(1, 0644, 1)}, {"/d", directory}};
  directory.modifiedAt = at(9);
  const Snapshot after = {
      {"/a", file(2, 0600, 2)}, {"/b", directory}, {"/d", directory}, {"/e", file(3, 0644, 1)}};
  std::vector<std::string> told;
  for (const auto& change : changesBetween(before, after))
    told.push_back(change.event + " " + change.path);
  CHECK(told ==
        std::vector<std::string>{"remove /b", "remove /c", "write /a", "chmod /a", "create /b", "create /e"});
  CHECK(changesBetween(after, after).empty());
}

TEST_CASE("emulator/sprites: settings are read, and those that are unknown are named", "[unit][sprites]") {
  const auto knobs = parseKnobs({{"idleMs", "50"}, {"conflictStatus", "400"}, {"fileErrorCodes", "missing"}});
  REQUIRE(ok(knobs));
  CHECK(knobs->idle == milliseconds(50));
  CHECK(knobs->conflictStatus == 400);
  CHECK_FALSE(knobs->tellsFileCodes);
  CHECK(parseKnobs({{"idelMs", "50"}}).error().message.find("idelMs is unknown") != std::string::npos);
  CHECK_FALSE(parseKnobs({{"conflictStatus", "418"}}));
  CHECK_FALSE(parseKnobs({{"silentUrl", "perhaps"}}));
  CHECK_FALSE(parseKnobs({{"idleMs", "-1"}}));
}

}  // namespace mooring::test
