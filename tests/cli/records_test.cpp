#include "cli.hpp"
#include "support/catch.hpp"

#include <boost/json/serialize.hpp>

#include <set>

using namespace mooring::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("cli/create: flags and file make one configuration, flags win", "[cli]") {
  const Cli cli;
  writeFile(cli.dir() / "config.json",
            R"({"provider": "local", "purpose": "file", "env": {"A": "file", "B": "file"},
                                           "params": {"job": 7}})");
  writeFile(cli.dir() / "seed" / "inner", "seed");
  const auto made = cli.run({"create",
                             "--config",
                             (cli.dir() / "config.json").string(),
                             "--purpose",
                             "flag",
                             "--env",
                             "B=flag",
                             "--timeout",
                             "1h30m",
                             "--idle-timeout",
                             "20m",
                             "--label",
                             "team=a",
                             "--recreate",
                             "never",
                             "--needs",
                             "resume",
                             "--params",
                             R"({"more": [1]})",
                             "--setup",
                             "echo one >order",
                             "--upload",
                             (cli.dir() / "seed").string() + ":seed",
                             "--setup",
                             "cat seed/inner >>order",
                             "--option",
                             "local.maxProcesses=500",
                             "--json"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  const auto record = made.json();
  CHECK(record.at("status").as_string() == "active");
  const auto& config = record.at("config");
  CHECK(config.at("purpose").as_string() == "flag");
  CHECK(boost::json::serialize(config.at("env")) == R"({"A":"file","B":"flag"})");
  CHECK(boost::json::serialize(config.at("params")) == R"({"job":7,"more":[1]})");
  CHECK(config.at("recreate").as_string() == "never");
  CHECK(config.at("options").at("local").at("maxProcesses").as_int64() == 500);
  const auto id = std::string(record.at("sandboxId").as_string());
  CHECK(cli.run({"run", id, "-n", "--", "cat", "order"}).out == "one\nseed");

  // What show prints can be created again.
  const auto again = cli.run({"create", "--config", "-"}, {.input = boost::json::serialize(config)});
  INFO(again.err);
  CHECK(again.code == 0);
}

TEST_CASE("cli/create: a setup that fails ends with 1 and says what it printed", "[cli]") {
  const Cli cli;
  const auto made = cli.run({"create", "--setup", "echo no luck >&2; exit 3"});
  CHECK(made.code == 1);
  CHECK(made.out.empty());
  CHECK_THAT(made.err, ContainsSubstring("no luck"));
  CHECK_THAT(made.err, ContainsSubstring("setupFailed"));
}

TEST_CASE("cli/create: a secret reaches the commands and nothing else", "[cli]") {
  const Cli cli;
  const std::string secret = "hunter2-and-more";
  const CallSetup with{.env = {{"CLI_TEST_TOKEN", secret}}};
  const auto missing = cli.run({"create", "--secret-env", "CLI_TEST_TOKEN"});
  CHECK(missing.code == 8);
  CHECK_THAT(missing.err, ContainsSubstring("CLI_TEST_TOKEN"));

  const auto made = cli.run({"create", "--verbose", "--secret-env", "CLI_TEST_TOKEN"}, with);
  INFO(made.err);
  REQUIRE(made.code == 0);
  const auto id = made.line();
  CHECK(cli.run({"run", id, "--", "sh", "-c", "test \"$CLI_TEST_TOKEN\" = hunter2-and-more"}, with).code ==
        0);
  std::string said = made.out + made.err;
  for (const auto& command : {"show", "why"}) {
    const auto told = cli.run({command, id, "--json", "--verbose"}, with);
    said += told.out + told.err;
  }
  CHECK_THAT(said, !ContainsSubstring(secret));
  CHECK(filesContaining(cli.dir() / "state", secret).empty());
}

TEST_CASE("cli/list: pages follow each other without gap or repetition", "[cli]") {
  const Cli cli;
  std::set<std::string> made;
  for (int count = 0; count < 3; ++count)
    made.insert(cli.create({"--purpose", "paged"}));
  made.insert(cli.create({"--purpose", "other"}));

  std::set<std::string> listed;
  std::string cursor;
  for (int pages = 0; pages < 2; ++pages) {
    std::vector<std::string> args{"list", "--json", "--limit", "2"};
    if (!cursor.empty()) args.insert(args.end(), {"--cursor", cursor});
    const auto page = cli.run(args).json();
    for (const auto& record : page.at("records").as_array()) {
      CHECK(listed.insert(std::string(record.at("sandboxId").as_string())).second);
    }
    cursor = page.at("nextCursor").as_string();
  }
  CHECK(listed == made);
  CHECK(cursor.empty());
  CHECK(cli.run({"list", "--all", "--limit", "1", "--json"}).jsonLines().size() == 4);

  const auto more = cli.run({"list", "--limit", "1"});
  CHECK_THAT(more.err, ContainsSubstring("--cursor"));
  CHECK(cli.run({"count"}).out == "4\n");
  CHECK(cli.run({"count", "--purpose", "paged", "--status", "active", "--provider", "local", "--json"}).out ==
        "{\"count\":3}\n");
  CHECK(cli.run({"list", "--purpose", "nobody's"}).out.empty());
  CHECK(cli.run({"list", "--limit", "0"}).code == 2);
}

TEST_CASE("cli/list: a table with a heading on a terminal, bare lines elsewhere", "[cli]") {
  const Cli cli;
  const auto id = cli.create({"--purpose", "seen"});
  CHECK_THAT(cli.run({"list"}).out, Catch::Matchers::StartsWith(id + "\tactive\tlocal\t1\t"));
  const auto onTerminal = cli.bash(R"sh(script -qec "$(printf '%q ' "$@")" /dev/null </dev/null)sh",
                                   {"list"});
  CHECK(onTerminal.code == 0);
  CHECK_THAT(onTerminal.out, Catch::Matchers::StartsWith("SANDBOX ID "));
  CHECK_THAT(onTerminal.out, ContainsSubstring(id + "  active  local "));
}

TEST_CASE("cli/show, why: the record and its life, for people and for programs", "[cli]") {
  const Cli cli;
  const auto id = cli.create({"--purpose", "two\nlines\x1b[31m"});
  const auto shown = cli.run({"show", id});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, ContainsSubstring("sandboxId           " + id));
  CHECK_THAT(shown.out, !ContainsSubstring("\x1b"));
  CHECK(cli.run({"show", id, "--json"}).json().at("sandboxId").as_string() == id);

  REQUIRE(cli.run({"stop", id}).out == "shutdown\n");
  const auto told = cli.run({"why", id});
  CHECK(told.code == 0);
  const auto asked = told.out.find("creation was asked for");
  const auto stood = told.out.find("[creating -> active]");
  const auto stopped = told.out.find("it was stopped");
  CHECK(asked < stood);
  CHECK(stood < stopped);
  CHECK(stopped != std::string::npos);
  CHECK(cli.run({"logs", id}).out == told.out);
  CHECK(cli.run({"why", id, "--json"}).jsonLines().front().at("reason").as_string() == "created");
}

TEST_CASE("cli/stop, resume, recreate, destroy: each does what it says and prints where that led", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  REQUIRE(cli.run({"run", id, "--", "sh", "-c", "echo kept >file"}).code == 0);
  CHECK(cli.run({"connect", id}).out == "attached\n");
  CHECK(cli.run({"connect", id, "--json"}).json().at("outcome").as_string() == "attached");
  CHECK(cli.run({"extend", id, "2h"}).code == 0);
  CHECK(cli.run({"show", id, "--json"}).json().at("timeoutMs").as_int64() == 7'200'000);
  CHECK(cli.run({"extend", id, "2 hours"}).code == 2);

  CHECK(cli.run({"stop", id}).out == "shutdown\n");
  const auto refused = cli.run({"connect", id});
  CHECK(refused.code == 4);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err, ContainsSubstring("gone"));
  CHECK(cli.run({"run", id, "--", "true"}).code == 125);
  CHECK(cli.run({"resume", id}).out == "resumed\n");
  CHECK(cli.run({"run", id, "--", "cat", "file"}).out == "kept\n");

  CHECK(cli.run({"recreate", id}).out == "active\n");
  CHECK(cli.run({"run", id, "--", "test", "-e", "file"}).code == 1);
  CHECK(cli.run({"show", id, "--json"}).json().at("generation").as_int64() == 2);

  CHECK(cli.run({"destroy", id, "--json"}).json().at("status").as_string() == "shutdown");
  CHECK(cli.run({"resume", id}).code == 4);
}

TEST_CASE("cli/connect: a provider that cannot be asked is out of reach, not gone", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  REQUIRE(cli.run({"stop", id}).code == 0);
  const auto ended = cli.run({"resume", id, "--json"}, {.env = {{"PATH", "/nonexistent"}}});
  CHECK(ended.code == 5);
  CHECK(ended.json().at("outcome").as_string() == "unreachable");
  CHECK(cli.run({"show", id, "--json"}).json().at("status").as_string() == "shutdown");
  CHECK(cli.run({"resume", id}).code == 0);
}

TEST_CASE("cli/checkpoint: files go back to what they were", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  REQUIRE(cli.run({"run", id, "--", "sh", "-c", "echo before >file"}).code == 0);
  const auto made = cli.run({"checkpoint", "create", id, "--comment", "first"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  const auto checkpoint = made.line();
  REQUIRE(cli.run({"run", id, "--", "sh", "-c", "echo after >file"}).code == 0);
  CHECK_THAT(cli.run({"checkpoint", "list", id}).out, Catch::Matchers::StartsWith(checkpoint + "\t"));
  CHECK(cli.run({"checkpoint", "restore", id, checkpoint}).code == 0);
  CHECK(cli.run({"run", id, "--", "cat", "file"}).out == "before\n");
  CHECK(cli.run({"checkpoint", "list", id, "--json"}).jsonLines().at(0).at("comment").as_string() == "first");
  CHECK(cli.run({"checkpoint", "rm", id, checkpoint, "--json"}).json().at("id").as_string() == checkpoint);
  CHECK(cli.run({"checkpoint", "rm", id, checkpoint}).code == 3);
}

TEST_CASE("cli/volume: it outlives sandboxes, and is not removed under one", "[cli]") {
  const Cli cli;
  CHECK(cli.run({"volume", "create", "run"}).out == "run\n");  // Also a command's name; no confusion.
  const auto id = cli.create({"--volume", "run:/data"});
  REQUIRE(cli.run({"run", id, "--", "sh", "-c", "echo kept >/data/file"}).code == 0);
  CHECK(cli.run({"volume", "rm", "run"}).code == 7);
  CHECK(cli.run({"volume", "list", "--json"}).jsonLines().at(0).at("name").as_string() == "run");
  REQUIRE(cli.run({"destroy", id}).code == 0);
  const auto next = cli.create({"--volume", "run:/data:ro"});
  CHECK(cli.run({"run", next, "--", "cat", "/data/file"}).out == "kept\n");
  CHECK(cli.run({"run", next, "--", "sh", "-c", "echo no >/data/file"}).code != 0);
  REQUIRE(cli.run({"destroy", next}).code == 0);
  CHECK(cli.run({"volume", "rm", "run", "--provider", "local"}).code == 0);
  CHECK(cli.run({"volume", "list"}).out.empty());
}
