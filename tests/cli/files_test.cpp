#include "cli.hpp"
#include "support/catch.hpp"

#include <filesystem>

using namespace mooring::test;
namespace fs = std::filesystem;

namespace {

std::string everyByte() {
  std::string bytes;
  for (int at = 0; at < 70'000; ++at)
    bytes += static_cast<char>(at % 256);
  return bytes;
}

}  // namespace

TEST_CASE("cli/cp: a tree comes back as it went", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto tree = cli.dir() / "tree";
  writeFile(tree / "a file", "text");
  writeFile(tree / "sub" / "deep" / "bytes", everyByte());
  writeFile(tree / "sub" / "tool", "#!/bin/sh\necho ran\n");
  fs::permissions(tree / "sub" / "tool", fs::perms(0755));
  fs::create_directories(tree / "empty");

  const auto up = cli.run({"cp", tree.string(), id + ":", "--json"});
  INFO(up.err);
  REQUIRE(up.code == 0);
  CHECK(up.json().at("files").as_int64() == 3);
  CHECK(up.err.empty());  // No progress but on a terminal.
  CHECK(cli.run({"run", id, "--", "tree/sub/tool"}).out == "ran\n");

  const auto back = cli.dir() / "back";
  const auto down = cli.run({"cp", id + ":tree", back.string()});
  INFO(down.err);
  REQUIRE(down.code == 0);
  CHECK(down.out.empty());
  CHECK(readFile(back / "a file") == "text");
  CHECK((readFile(back / "sub" / "deep" / "bytes") == everyByte()));
  CHECK(fs::is_directory(back / "empty"));
  CHECK((fs::status(back / "sub" / "tool").permissions() & fs::perms::owner_exec) != fs::perms::none);
}

TEST_CASE("cli/cp: a terminal shows how far it is, and is clean afterwards", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  writeFile(cli.dir() / "file", everyByte());
  const auto ended = cli.bash(R"sh(script -qec "$(printf '%q ' "$@")" /dev/null </dev/null)sh",
                              {"cp", (cli.dir() / "file").string(), id + ":"});
  CHECK(ended.code == 0);
  CHECK_THAT(ended.out, Catch::Matchers::ContainsSubstring("in 1 file  file"));
  CHECK_THAT(ended.out, Catch::Matchers::EndsWith("\r\x1b[K"));
}

TEST_CASE("cli/cp: the copy goes into a directory, or takes the new name", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  writeFile(cli.dir() / "one", "1");
  const auto one = (cli.dir() / "one").string();
  REQUIRE(cli.run({"run", id, "--", "mkdir", "there"}).code == 0);
  CHECK(cli.run({"cp", one, id + ":there"}).code == 0);
  CHECK(cli.run({"cp", one, id + ":renamed"}).code == 0);
  CHECK(cli.run({"cp", one, id + ":made/"}).code == 0);
  CHECK(cli.run({"run", id, "--", "cat", "there/one", "renamed", "made/one"}).out == "111");

  fs::create_directories(cli.dir() / "here");
  CHECK(cli.run({"cp", id + ":renamed", (cli.dir() / "here").string()}).code == 0);
  CHECK(readFile(cli.dir() / "here" / "renamed") == "1");
}

TEST_CASE("cli/cp: - is standard input and output, byte for byte", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  CHECK(cli.run({"cp", "-", id + ":bytes"}, {.input = everyByte()}).code == 0);
  const auto down = cli.run({"cp", id + ":bytes", "-"});
  CHECK(down.code == 0);
  CHECK((down.out == everyByte()));
  CHECK(cli.run({"cp", id + ":nothing-here", "-"}).code == 3);
}

TEST_CASE("cli/cp: ends that say nothing or too much are refused with the way out", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& hint) {
    const auto ended = cli.run({"cp", from, to});
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Catch::Matchers::ContainsSubstring(hint));
  };
  refused("a", "b", "ID:PATH");
  refused(id + ":a", id + ":b", "copy to this machine first");
  refused("odd:name", id + ":x", "./odd:name");
  refused("", id + ":x", "empty path");
}

TEST_CASE("cli/ls: names, details and JSON; what names hold does not reach the terminal raw", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  REQUIRE(
      cli.run(
             {"run",
              id,
              "--",
              "sh",
              "-c",
              R"sh(mkdir d; cd d; printf 12345 >file; chmod 640 file; mkdir sub; ln -s file link; touch "$(printf 'e\033x')")sh"})
          .code == 0);
  CHECK(cli.run({"ls", id + ":d"}).out == "e\\x1bx\nfile\nlink\nsub\n");
  const auto details = cli.run({"ls", "-l", id + ":d/file"});
  CHECK_THAT(details.out, Catch::Matchers::StartsWith("-rw-r-----\t5\t"));
  const auto entries = cli.run({"ls", "--json", id + ":d"}).jsonLines();
  REQUIRE(entries.size() == 4);
  CHECK(entries[1].at("mode").as_int64() == 0640);
  CHECK(entries[2].at("type").as_string() == "symlink");
  CHECK(entries[3].at("type").as_string() == "directory");
  CHECK(cli.run({"ls", id + ":"}).out == "d\n");
  CHECK(cli.run({"ls", id + ":missing"}).code == 3);
  CHECK(cli.run({"ls", "d"}).code == 2);
}
