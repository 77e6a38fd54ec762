#include "cli.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <filesystem>

using namespace mooring::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

const std::string unknownId = "01890000-0000-7000-8000-000000000000";

/// One line that begins with "mooring: " and holds `hint`.
void saysInOneLine(const Ended& ended, const std::string& hint) {
  INFO(ended.err);
  CHECK_THAT(ended.err, StartsWith("mooring: "));
  CHECK_THAT(ended.err, ContainsSubstring(hint));
  CHECK(ended.err.find('\n') == ended.err.size() - 1);
  CHECK(ended.out.empty());
}

}  // namespace

TEST_CASE("cli/create: without bubblewrap it is refused at once, and no record is left", "[cli]") {
  const Cli cli;
  const auto refused = cli.run({"create"}, {.env = {{"PATH", "/nowhere"}}});
  CHECK(refused.code != 0);
  saysInOneLine(refused, "bubblewrap");
  CHECK(cli.run({"list"}).out.empty());
}

TEST_CASE("cli: what is not known is code 3 and one line, or 125 where codes are the command's", "[cli]") {
  const Cli cli;
  for (const auto& command : {"show", "why", "connect", "resume", "stop", "destroy", "recreate", "ps"}) {
    const auto ended = cli.run({command, unknownId});
    CHECK(ended.code == 3);
    saysInOneLine(ended, unknownId);
  }
  CHECK(cli.run({"extend", unknownId, "1h"}).code == 3);
  CHECK(cli.run({"preview", unknownId, "80"}).code == 3);
  CHECK(cli.run({"checkpoint", "list", unknownId}).code == 3);
  CHECK(cli.run({"ls", unknownId + ":"}).code == 3);
  CHECK(cli.run({"kill", unknownId}).code == 3);
  CHECK(cli.run({"volume", "rm", "nowhere"}).code == 3);
  CHECK(cli.run({"providers", "nobody"}).code == 3);
  for (const auto& command : {"attach", "wait"}) {
    const auto ended = cli.run({command, unknownId});
    CHECK(ended.code == 125);
    saysInOneLine(ended, unknownId);
  }
  const auto ended = cli.run({"run", unknownId, "--", "true"});
  CHECK(ended.code == 125);
  saysInOneLine(ended, unknownId);
}

TEST_CASE("cli: with --json an error is one JSON object on standard error", "[cli]") {
  const Cli cli;
  const auto unknown = cli.run({"show", unknownId, "--json"});
  CHECK(unknown.code == 3);
  CHECK(unknown.out.empty());
  const auto error = boost::json::parse(unknown.err).at("error");
  CHECK(error.at("code").as_string() == "notFound");
  CHECK(error.at("exitCode").as_int64() == 3);
  CHECK(error.at("transience").as_string() == "permanent");
  const auto usage = cli.run({"list", "--json", "--frobnicate"});
  CHECK(boost::json::parse(usage.err).at("error").at("code").as_string() == "invalidArgument");
}

TEST_CASE("cli: a wrong command line says what is wrong and where to read on", "[cli]") {
  const Cli cli;
  const auto wrong = [&](std::vector<std::string> args, int code, const std::string& hint) {
    const auto ended = cli.run(std::move(args));
    CHECK(ended.code == code);
    saysInOneLine(ended, hint);
  };
  wrong({}, 2, "mooring --help");
  wrong({"frobnicate"}, 2, "no command \"frobnicate\"");
  wrong({"volume", "frobnicate"}, 2, "no command \"frobnicate\"");
  wrong({"list", "--frobnicate"}, 2, "mooring list --help");
  wrong({"list", "--status", "asleep"}, 2, "creating, active");
  wrong({"list", "--deadline", "5"}, 2, "250ms");
  wrong({"show"}, 2, "mooring show --help");
  wrong({"show", "a", "--", "b"}, 2, "only `mooring run`");
  wrong({"checkpoint", "create"}, 2, "mooring checkpoint create --help");
  wrong({"run", unknownId, "ls", "-l"}, 125, "put `--` before the command");
  wrong({"run", unknownId}, 125, "name the command after `--`");
  wrong({"run", unknownId, "-i", "-n", "--", "true"}, 125, "contradict");
  wrong({"run", unknownId, "--timeout", "soon", "--", "true"}, 125, "not a duration");
  wrong({"create", "--env", "NOVALUE"}, 2, "NAME=VALUE");
  wrong({"create", "--volume", "name"}, 2, "NAME:/PATH");
  wrong({"create", "--recreate", "sometimes"}, 2, "never, onDemand, always");
  wrong({"create", "--params", "[1]"}, 2, "JSON object");
  wrong({"create", "--option", "nonsense"}, 2, "PROVIDER.KEY=VALUE");
  wrong({"create", "--option", "local.nonsense=1"}, 2, "nonsense");
  wrong({"create", "--config", "/nonexistent/file"}, 2, "/nonexistent/file");
  wrong({"create", "--port", "70000"}, 2, "70000");
  wrong({"create", "--provider", "nobody"}, 2, "local");
}

TEST_CASE("cli: a configuration that cannot be read names the place", "[cli]") {
  const Cli cli;
  const auto notJson = cli.run({"create", "--config", "-"}, {.input = "{oops"});
  CHECK(notJson.code == 2);
  saysInOneLine(notJson, "standard input is not JSON");
  const auto unknownKey = cli.run({"create", "--config", "-"}, {.input = R"({"network": {"moed": "open"}})"});
  CHECK(unknownKey.code == 2);
  saysInOneLine(unknownKey, "moed");
}

TEST_CASE("cli: what a provider cannot do is code 6, before anything is spent", "[cli]") {
  const Cli cli;
  const auto image = cli.run({"create", "--image", "debian:12"});
  CHECK(image.code == 6);
  saysInOneLine(image, "image");
  CHECK(cli.run({"create", "--needs", "images"}).code == 6);
  CHECK(cli.run({"count"}).out == "0\n");
}

TEST_CASE("cli: a database that is none is left as it is", "[cli]") {
  const Cli cli;
  const auto path = cli.dir() / "not-a-database";
  writeFile(path, std::string(5000, 'x'));
  const auto ended = cli.run({"list", "--database", path.string()});
  CHECK(ended.code == 1);
  saysInOneLine(ended, "not-a-database");
  CHECK(readFile(path) == std::string(5000, 'x'));
  CHECK(cli.run({"run", unknownId, "--database", path.string(), "--", "true"}).code == 125);
}

TEST_CASE("cli/help: every command explains itself", "[cli]") {
  const Cli cli;
  const auto root = cli.run({"--help"});
  CHECK(root.code == 0);
  CHECK_THAT(root.out, ContainsSubstring("Exit codes:"));
  const std::vector<std::vector<std::string>> commands{{"create"},
                                                       {"run"},
                                                       {"ps"},
                                                       {"attach"},
                                                       {"wait"},
                                                       {"kill"},
                                                       {"list"},
                                                       {"count"},
                                                       {"show"},
                                                       {"connect"},
                                                       {"resume"},
                                                       {"stop"},
                                                       {"destroy"},
                                                       {"recreate"},
                                                       {"extend"},
                                                       {"cp"},
                                                       {"ls"},
                                                       {"why"},
                                                       {"preview"},
                                                       {"forward"},
                                                       {"providers"},
                                                       {"doctor"},
                                                       {"recover"},
                                                       {"version"},
                                                       {"checkpoint", "create"},
                                                       {"checkpoint", "list"},
                                                       {"checkpoint", "restore"},
                                                       {"checkpoint", "rm"},
                                                       {"volume", "create"},
                                                       {"volume", "list"},
                                                       {"volume", "rm"}};
  for (auto command : commands) {
    CHECK_THAT(root.out, ContainsSubstring("  " + command.front()));
    command.emplace_back("--help");
    const auto help = cli.run(command);
    INFO(command.front());
    CHECK(help.code == 0);
    CHECK_THAT(help.out, ContainsSubstring("--json"));
    CHECK(help.err.empty());
  }
  CHECK_THAT(cli.run({"run", "--help"}).out, ContainsSubstring("-- PROGRAM [ARG...]"));
  CHECK_FALSE(std::filesystem::exists(cli.database()));
}
