#include "tree.hpp"

#include "map_files.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"

#include <functional>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace mooring;
using test::MapFiles;

namespace fs = std::filesystem;

namespace {

/// This machine on one side, a sandbox of files on the other.
struct World {
  test::TempDir dir;
  std::shared_ptr<MapFiles> box = std::make_shared<MapFiles>();
  detail::CorePtr core = std::make_shared<detail::Core>();
  std::map<std::string, std::uint64_t> progress;

  World() {
    core->loop = detail::loopOf(*test::engine());
    core->blockingThreads = detail::blockingThreadsOf(*test::engine());
    core->parts.clock = systemClock();
    core->parts.ids = std::make_shared<test::FakeIds>();
  }

  TransferOptions options() {
    TransferOptions options;
    options.progress = [this](const std::string& path, std::uint64_t bytes) { progress[path] = bytes; };
    return options;
  }
  Result<TransferSummary> upload(const fs::path& from, const std::string& to) {
    return test::run(detail::uploadTree(core, box, Instance(), from, to, options(), CallOptions()));
  }
  Result<TransferSummary> download(const std::string& from, const fs::path& to) {
    return test::run(detail::downloadTree(core, box, Instance(), from, to, options(), CallOptions()));
  }
  void file(const std::string& path, std::string bytes, int mode = 0644) {
    box->nodes[path] = {.bytes = std::move(bytes), .mode = mode};
  }
  void directory(const std::string& path, int mode = 0755) {
    box->nodes[path] = {.type = FileType::directory, .mode = mode};
  }
  void symlink(const std::string& path, std::string target) {
    box->nodes[path] = {.type = FileType::symlink, .mode = 0777, .target = std::move(target)};
  }
};

int modeOf(const fs::path& path) { return static_cast<int>(fs::symlink_status(path).permissions()); }

std::size_t entriesBelow(const fs::path& path) {
  if (!fs::exists(path)) return 0;
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(path), fs::recursive_directory_iterator()));
}

}  // namespace

TEST_CASE("tree/upload: files, modes and empty directories arrive", "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "t/a/b/deep", "deep bytes");
  test::writeFile(world.dir / "t/run.sh", "#!/bin/sh\n");
  test::writeFile(world.dir / "t/none", "");
  fs::create_directories(world.dir / "t/empty");
  fs::create_directories(world.dir / "t/shut");
  test::writeFile(world.dir / "t/shut/in", "x");
  fs::permissions(world.dir / "t/run.sh", fs::perms(0750));
  fs::permissions(world.dir / "t/shut", fs::perms(0500));

  auto sent = world.upload(world.dir / "t", "/to/");
  REQUIRE(test::ok(sent));
  CHECK(sent->files == 4);
  CHECK(sent->bytes == 21);
  auto& nodes = world.box->nodes;
  CHECK(nodes["/to/a/b/deep"].bytes == "deep bytes");
  CHECK(nodes["/to/run.sh"].mode == 0750);
  CHECK(nodes.contains("/to/none"));
  CHECK(nodes["/to/empty"].type == FileType::directory);
  CHECK(nodes["/to/shut"].mode == 0500);
  CHECK(world.box->calls.back() == "chmod /to/shut");
  CHECK(world.progress ==
        std::map<std::string, std::uint64_t>{{"a/b/deep", 10}, {"none", 0}, {"run.sh", 10}, {"shut/in", 1}});
}

TEST_CASE("tree/upload: a single file takes the name it is given", "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "f", "one");
  fs::create_symlink("f", world.dir / "link");
  auto sent = world.upload(world.dir / "link", "/new/name");
  REQUIRE(test::ok(sent));
  CHECK(sent->files == 1);
  CHECK(world.box->nodes["/new/name"].bytes == "one");
  CHECK(world.box->calls == std::vector<std::string>{"write /new/name"});
}

TEST_CASE("tree/upload: symlinks inside the tree are followed", "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "t/real/f", "x");
  fs::create_symlink("real", world.dir / "t/again");
  fs::create_symlink(world.dir / "t/real/f", world.dir / "t/absolute");
  REQUIRE(test::ok(world.upload(world.dir / "t", "/to")));
  CHECK(world.box->nodes["/to/again/f"].bytes == "x");
  CHECK(world.box->nodes["/to/absolute"].bytes == "x");
}

TEST_CASE("tree/upload: what cannot be sent is refused by name before anything is sent", "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "t/a", "x");
  test::writeFile(world.dir / "t-too/secret", "x");
  const auto bad = GENERATE(as<std::string>{}, "leaves", "sibling", "nowhere", "circle", "ancestor", "fifo");
  const auto path = world.dir / "t" / bad;
  if (bad == "leaves") fs::create_symlink("/etc/passwd", path);
  if (bad == "sibling") fs::create_symlink("../t-too/secret", path);
  if (bad == "nowhere") fs::create_symlink("missing", path);
  if (bad == "circle") fs::create_symlink("circle", path);
  if (bad == "ancestor") {
    fs::create_directories(path);
    fs::create_symlink("..", path / "up");
  }
  if (bad == "fifo") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto sent = world.upload(world.dir / "t", "/to");
  CHECK(test::failsWith(
      sent, Errc::invalidArgument, bad == "ancestor" ? world.dir.path().string() : path.string()));
  CHECK(world.box->calls.empty());
}

TEST_CASE("tree/upload: an unreadable file is permissionDenied by name", "[unit][tree]") {
  if (::geteuid() == 0) return;  // Root may read everything.
  World world;
  test::writeFile(world.dir / "t/locked", "x");
  fs::permissions(world.dir / "t/locked", fs::perms::none);
  CHECK(test::failsWith(world.upload(world.dir / "t", "/to"), Errc::permissionDenied, "locked"));
  CHECK(world.box->calls.empty());
}

TEST_CASE("tree/upload: a file that changes while it is sent is named, whatever the provider says",
          "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "t/a", "aaaaaaaaaa");
  test::writeFile(world.dir / "t/b", "bbbbbbbbbb");
  auto options = world.options();
  options.progress = [&](const std::string& path, std::uint64_t) {
    if (path == "a") fs::resize_file(world.dir / "t/b", 3);
  };
  auto sent = test::run(
      detail::uploadTree(world.core, world.box, Instance(), world.dir / "t", "/to", options, CallOptions()));
  CHECK(test::failsWith(sent, Errc::conflict, (world.dir / "t/b").string()));
  CHECK_FALSE(world.box->nodes.contains("/to/b"));
}

TEST_CASE("tree/upload: a provider that stops reading early has not succeeded", "[unit][tree]") {
  World world;
  test::writeFile(world.dir / "t/a", "aaaaaaaaaa");
  world.box->readAtMost = 5;
  CHECK(test::failsWith(world.upload(world.dir / "t", "/to"), Errc::corrupted));
  CHECK(test::failsWith(world.upload(world.dir / "t/a", "/to"), Errc::corrupted));
}

TEST_CASE("tree/download: files, modes, symlinks and empty directories arrive", "[unit][tree]") {
  World world;
  world.directory("/t/a", 0750);
  world.directory("/t/empty", 0500);
  world.file("/t/a/f", "some bytes", 0600);
  world.file("/t/none", "", 04755);
  world.symlink("/t/a/up", "../none");
  world.symlink("/t/dir", "a");
  auto got = world.download("/t", world.dir / "x/y");
  REQUIRE(test::ok(got));
  CHECK(got->files == 2);
  CHECK(got->bytes == 10);
  CHECK(test::readFile(world.dir / "x/y/a/f") == "some bytes");
  CHECK(modeOf(world.dir / "x/y/a/f") == 0600);
  CHECK(modeOf(world.dir / "x/y/none") == 0755);
  CHECK(modeOf(world.dir / "x/y/a") == 0750);
  CHECK(modeOf(world.dir / "x/y/empty") == 0500);
  CHECK(fs::read_symlink(world.dir / "x/y/a/up") == "../none");
  CHECK(fs::read_symlink(world.dir / "x/y/dir") == "a");
  CHECK(entriesBelow(world.dir / "x/y") == 6);
  CHECK(world.progress == std::map<std::string, std::uint64_t>{{"a/f", 10}, {"none", 0}});
}

TEST_CASE("tree/download: merges into what is there and replaces files", "[unit][tree]") {
  World world;
  world.directory("/t/a", 0700);
  world.file("/t/a/f", "new");
  world.symlink("/t/link", "a/f");
  test::writeFile(world.dir / "to/a/f", "old");
  test::writeFile(world.dir / "to/a/mine", "mine");
  test::writeFile(world.dir / "to/link", "was a file");
  fs::permissions(world.dir / "to/a", fs::perms(0755));
  REQUIRE(test::ok(world.download("/t", world.dir / "to")));
  REQUIRE(test::ok(world.download("/t", world.dir / "to")));
  CHECK(test::readFile(world.dir / "to/a/f") == "new");
  CHECK(test::readFile(world.dir / "to/a/mine") == "mine");
  CHECK(test::readFile(world.dir / "to/link") == "new");
  CHECK(modeOf(world.dir / "to/a") == 0755);
}

TEST_CASE("tree/download: a single file, also by way of a symlink, takes the name it is given",
          "[unit][tree]") {
  World world;
  world.file("/f", "one", 0640);
  test::writeFile(world.dir / "have", "old");
  REQUIRE(test::ok(world.download("/f", world.dir / "have")));
  CHECK(test::readFile(world.dir / "have") == "one");
  CHECK(modeOf(world.dir / "have") == 0640);
  world.symlink("/link", "f");
  world.box->nodes["/link"].bytes = "one";
  REQUIRE(test::ok(world.download("/link", world.dir / "new/name")));
  CHECK(test::readFile(world.dir / "new/name") == "one");
  CHECK(modeOf(world.dir / "new/name") == 0644);
  CHECK(test::failsWith(world.download("/f", world.dir.path()), Errc::conflict, world.dir.path().string()));
  CHECK(test::failsWith(world.download("/none", world.dir / "n"), Errc::notFound, "/none"));
}

TEST_CASE("tree/download: a hostile listing is refused before anything is written", "[unit][tree][hostile]") {
  World world;
  world.file("/t/good", "x");
  world.file("/t/bad", "evil");
  const auto name = GENERATE(as<std::string>{},
                             "..",
                             ".",
                             "../out",
                             "/etc/passwd",
                             "a/b",
                             std::string("a\0b", 3),
                             std::string(256, 'n'),
                             "good");
  INFO(name);
  world.box->nodes["/t/bad"].name = name;
  const auto got = world.download("/t", world.dir / "to");
  CHECK(test::failsWith(got, Errc::corrupted, "/t"));
  CHECK(entriesBelow(world.dir.path()) == 0);
}

TEST_CASE("tree/download: a symlink that could leave the tree is named", "[unit][tree][hostile]") {
  World world;
  world.directory("/t/d");
  world.symlink("/t/d/up", "..");  // Itself fine; makes "d/up/.." the tree's parent.
  const auto target = GENERATE(as<std::string>{}, "/etc/passwd", "../out", "d/up/../..", "d/../../out", "..");
  INFO(target);
  world.symlink("/t/bad", target);
  CHECK(test::failsWith(world.download("/t", world.dir / "to"), Errc::invalidArgument, "/t/bad"));
  CHECK(entriesBelow(world.dir.path()) == 0);
}

TEST_CASE("tree/download: neither devices nor untold targets are passed over in silence",
          "[unit][tree][hostile]") {
  World world;
  SECTION("other") {
    world.box->nodes["/t/sock"] = {.type = FileType::other};
    CHECK(test::failsWith(world.download("/t", world.dir / "to"), Errc::invalidArgument, "/t/sock"));
  }
  SECTION("symlink") {
    world.symlink("/t/link", "");
    CHECK(test::failsWith(world.download("/t", world.dir / "to"), Errc::unsupported, "/t/link"));
  }
  CHECK(entriesBelow(world.dir.path()) == 0);
}

TEST_CASE("tree/download: directories without end come to an end", "[unit][tree][hostile]") {
  World world;
  std::string path = "/t";
  for (int depth = 0; depth < 200; ++depth)
    world.directory(path += "/d");
  CHECK(test::failsWith(world.download("/t", world.dir / "to"), Errc::invalidArgument, "deep"));
  CHECK(entriesBelow(world.dir.path()) == 0);
}

TEST_CASE("tree/download: a symlink that is already here is not followed", "[unit][tree][hostile]") {
  World world;
  fs::create_directories(world.dir / "outside");
  fs::create_directories(world.dir / "to");
  fs::create_symlink("../outside", world.dir / "to/d");
  SECTION("as a directory") {
    world.directory("/t/d");
    world.file("/t/d/f", "x");
    CHECK(test::failsWith(
        world.download("/t", world.dir / "to"), Errc::conflict, (world.dir / "to/d").string()));
  }
  SECTION("as a file") {
    world.file("/t/d", "x");
    REQUIRE(test::ok(world.download("/t", world.dir / "to")));
    CHECK_FALSE(fs::is_symlink(world.dir / "to/d"));
    CHECK(test::readFile(world.dir / "to/d") == "x");
  }
  CHECK(entriesBelow(world.dir / "outside") == 0);
}

TEST_CASE("tree/download: a file and a directory do not replace each other", "[unit][tree]") {
  World world;
  fs::create_directories(world.dir / "to/f");
  test::writeFile(world.dir / "to2/d", "file");
  world.file("/t/f", "x");
  CHECK(
      test::failsWith(world.download("/t", world.dir / "to"), Errc::conflict, (world.dir / "to/f").string()));
  world.box->nodes.erase("/t/f");
  world.directory("/t/d");
  CHECK(test::failsWith(
      world.download("/t", world.dir / "to2"), Errc::conflict, (world.dir / "to2/d").string()));
  CHECK(test::readFile(world.dir / "to2/d") == "file");
}

TEST_CASE("tree/download: interrupted, it leaves whole files only", "[unit][tree]") {
  World world;
  world.file("/t/a", "aaaaaaaa");
  world.file("/t/b", "bbbbbbbb");
  test::writeFile(world.dir / "to/b", "old");
  int pieces = 0;
  world.box->beforeRead = [&](const std::string& path) -> Result<void> {
    if (path == "/t/b" && ++pieces == 2) return failure(Errc::unavailable, "cut");
    return {};
  };
  CHECK(test::failsWith(world.download("/t", world.dir / "to"), Errc::unavailable, "/t/b"));
  CHECK(test::readFile(world.dir / "to/a") == "aaaaaaaa");
  CHECK(test::readFile(world.dir / "to/b") == "old");
  CHECK(entriesBelow(world.dir / "to") == 2);
}

TEST_CASE("tree: what was downloaded can be uploaded again, byte for byte", "[unit][tree]") {
  World world;
  std::string bytes(2 * detail::fileBufferBytes + 11, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 7 % 251);
  test::writeFile(world.dir / "t/big", bytes);
  test::writeFile(world.dir / "t/na me\n\x1b[31m\xff", "odd");
  REQUIRE(test::ok(world.upload(world.dir / "t", "/t")));
  REQUIRE(test::ok(world.download("/t", world.dir / "back")));
  CHECK((test::readFile(world.dir / "back/big") == bytes));
  CHECK(test::readFile(world.dir / "back/na me\n\x1b[31m\xff") == "odd");
}

TEST_CASE("tree: names in messages cannot control a terminal", "[unit][tree]") {
  CHECK(detail::printable("a\nb\x1b[31m\x7f caf\xc3\xa9") == "a?b?[31m? caf\xc3\xa9");
}

TEST_CASE("tree: a symlink stays inside only if that can be seen from its text", "[unit][tree][hostile]") {
  struct Row {
    int depth;
    std::string target;
    bool inside;
  };
  const auto row = GENERATE(values<Row>({
      {0, "f", true},
      {0, "./a//b/", true},
      {0, ".", true},
      {1, "..", true},
      {2, "../../f", true},
      {2, ".././../f/g", true},
      {0, "..", false},
      {1, "../../f", false},
      {1, "a/../f", false},
      {5, "../a/..", false},
      {0, "", false},
      {0, "/f", false},
      {0, std::string("a\0b", 3), false},
      {0, "...", true},
      {0, "..f", true},
  }));
  INFO(row.depth << " " << row.target);
  CHECK(detail::linkStaysInside(row.depth, row.target) == row.inside);
}
