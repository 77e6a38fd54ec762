#include "cli.hpp"
#include "support/catch.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

using mooring::test::Cli;
using mooring::test::Ended;

namespace {

/// The steps' results by their names.
std::map<std::string, std::string> resultsOf(const Ended& ended) {
  std::map<std::string, std::string> out;
  const auto json = ended.json();
  for (const auto& step : json.at("steps").as_array())
    out.emplace(step.at("step").as_string(), step.at("result").as_string());
  return out;
}

}  // namespace

TEST_CASE("cli/smoke: walks through a provider and leaves nothing behind", "[cli][smoke]") {
  const Cli cli;
  const auto ended = cli.run({"smoke", "local", "--json"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK(ended.json().at("healthy").as_bool());
  const auto results = resultsOf(ended);
  for (const char* step : {"create",
                           "run",
                           "files",
                           "started command",
                           "preview",
                           "volume",
                           "checkpoint",
                           "stop, resume",
                           "recreate",
                           "destroy",
                           "nothing left over"}) {
    INFO(step);
    REQUIRE(results.contains(step));
    CHECK(results.at(step) == "ok");
  }
  // It has a database of its own.
  CHECK(cli.run({"count"}).line() == "0");
}

TEST_CASE("cli/smoke: an emulated cloud needs no account", "[cli][smoke]") {
  const Cli cli;
  const std::string provider = GENERATE("daytona", "vercel", "sprites");
  // On a network of its own: a sprite's URL leads to port 8080, which may be taken on this machine's.
  const auto ended = cli.bash("exec bwrap --dev-bind / / --unshare-net -- \"$@\"",
                              {"smoke", provider, "--emulated", "--json"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const auto results = resultsOf(ended);
  CHECK(results.at("run, another process") == "ok");
  CHECK(results.at("preview") == "ok");
  CHECK(results.at("volume") == (provider == "sprites" ? "left out" : "ok"));
  CHECK(results.at("checkpoint") == (provider == "daytona" ? "left out" : "ok"));
  CHECK(results.at("nothing left over") == "ok");
}

TEST_CASE("cli/smoke: says what is missing before anything is made", "[cli][smoke]") {
  const Cli cli;
  const auto unconfigured = cli.run({"smoke", "daytona"});
  CHECK(unconfigured.code == 8);
  CHECK(unconfigured.err.find("DAYTONA_API_KEY") != std::string::npos);
  CHECK(cli.run({"smoke", "nobody"}).code == 3);
  CHECK(cli.run({"smoke", "local", "--emulated"}).code == 2);
}
