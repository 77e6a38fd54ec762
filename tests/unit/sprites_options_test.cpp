#include "definition.hpp"
#include "options.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;

namespace {

SandboxConfig withOptions(const std::string& json) {
  SandboxConfig config;
  config.provider = "sprites";
  config.options["sprites"] = boost::json::parse(json);
  return config;
}

Result<sprites::Definition> define(const SandboxConfig& config, bool deleteOnStop = true) {
  sprites::Defaults defaults;
  defaults.deleteOnStop = deleteOnStop;
  return sprites::define(config, defaults);
}

}  // namespace

TEST_CASE("sprites/options: come back from their JSON", "[unit][sprites]") {
  const std::string text =
      R"({"name":"job-17","waitForCapacity":true,"urlSettings":{"auth":"public"},"deleteOnStop":false,)"
      R"("labels":["a","run=17"]})";
  const auto options = sprites::optionsOf(withOptions(text));
  REQUIRE(ok(options));
  CHECK(sprites::toJson(*options) == boost::json::parse(text).get_object());
  CHECK(sprites::toJson(sprites::Options()).empty());
}

TEST_CASE("sprites/options: a wrong one is refused by its name", "[unit][sprites]") {
  using Case = std::pair<std::string, std::string>;
  const auto [json, named] = GENERATE(Case{R"({"nosuch":1})", "nosuch"},
                                      Case{R"({"name":"Upper"})", "name"},
                                      Case{R"({"name":"-dash"})", "name"},
                                      Case{R"({"name":""})", "name"},
                                      Case{R"({"waitForCapacity":"yes"})", "waitForCapacity"},
                                      Case{R"({"urlSettings":{"auth":"everybody"}})", "urlSettings.auth"},
                                      Case{R"({"urlSettings":{"private_access":"x"}})", "private_access"},
                                      Case{R"({"urlSettings":"public"})", "urlSettings"},
                                      Case{R"({"deleteOnStop":1})", "deleteOnStop"},
                                      Case{R"({"labels":"a"})", "labels"});
  CHECK(failsWith(sprites::optionsOf(withOptions(json)), Errc::invalidArgument, named));
}

TEST_CASE("sprites/definition: what Sprites has not is refused by its name", "[unit][sprites]") {
  SandboxConfig config;
  std::string named;
  SECTION("image") { config.image = named = "image"; }
  SECTION("runtime") { config.runtime = named = "runtime"; }
  SECTION("vcpus") {
    config.resources.vcpus = 2;
    named = "vcpus";
  }
  SECTION("memory") {
    config.resources.memoryMib = 512;
    named = "memoryMib";
  }
  SECTION("disk") {
    config.resources.diskGib = 1;
    named = "diskGib";
  }
  SECTION("volumes") {
    config.volumes = {VolumeMount{.name = "v", .mountPath = "/data"}};
    named = "volumes";
  }
  SECTION("other ports than the URL's") {
    config.ports = {8080, 3000};
    named = "3000";
  }
  CHECK(failsWith(define(config), Errc::unsupported, named));
}

TEST_CASE("sprites/definition: labels are the caller's, and mooring's stay mooring's", "[unit][sprites]") {
  auto config = withOptions(R"({"labels":["plain"],"deleteOnStop":false,"name":"job"})");
  config.labels = {{"team", "a b"}};
  const auto definition = define(config);
  REQUIRE(ok(definition));
  CHECK(sprites::labelsFor(*definition, "key-1", "owner") ==
        std::vector<std::string>{
            "mooring=owner", "mooring-key=key-1", "mooring-on-stop=keep", "team=a b", "plain"});

  config.labels = {{"mooring", "x"}};
  CHECK(failsWith(define(config), Errc::invalidArgument, "labels.mooring"));
  config.labels = {{"a=b", "x"}};
  CHECK(failsWith(define(config), Errc::invalidArgument, "labels.a=b"));
  CHECK(failsWith(define(withOptions(R"({"labels":["mooring=x"]})")), Errc::invalidArgument, "mooring=x"));
}

TEST_CASE("sprites/definition: a URL is private unless asked otherwise", "[unit][sprites]") {
  const auto plain = define(SandboxConfig());
  REQUIRE(ok(plain));
  CHECK(boost::json::serialize(sprites::createBody(*plain, "n", {"mooring=o"})) ==
        R"({"name":"n","url_settings":{"auth":"sprite"},"labels":["mooring=o"]})");
  const auto open = define(withOptions(R"({"urlSettings":{"auth":"public"},"waitForCapacity":true})"));
  REQUIRE(ok(open));
  CHECK(boost::json::serialize(sprites::createBody(*open, "n", {})) ==
        R"({"name":"n","url_settings":{"auth":"public"},"labels":[],"wait_for_capacity":true})");
}

TEST_CASE("sprites/definition: a network wish is a policy of names", "[unit][sprites]") {
  SandboxConfig config;
  config.network.mode = NetworkMode::allowList;
  config.network.allow = {"*.pypi.org", "example.com"};
  auto definition = define(config);
  REQUIRE(ok(definition));
  CHECK(boost::json::serialize(definition->networkPolicy) ==
        R"({"rules":[{"domain":"*.pypi.org","action":"allow"},{"domain":"example.com","action":"allow"},)"
        R"({"domain":"*","action":"deny"}]})");
  // Whoever finds it before the policy stands must not take it for ready.
  CHECK(sprites::labelsFor(*definition, "k", "o").back() == "mooring-state=unfinished");

  config.network.allow = {GENERATE(as<std::string>{}, "10.0.0.0/8", "1.2.3.4", "", "https://x.test")};
  CHECK(failsWith(define(config), Errc::invalidArgument, "network.allow"));
}

TEST_CASE("sprites/definition: whether stop deletes is the option's, then the environment's",
          "[unit][sprites]") {
  CHECK(define(SandboxConfig(), true)->deleteOnStop);
  CHECK_FALSE(define(SandboxConfig(), false)->deleteOnStop);
  CHECK(define(withOptions(R"({"deleteOnStop":true})"), false)->deleteOnStop);
  CHECK_FALSE(define(withOptions(R"({"deleteOnStop":false})"), true)->deleteOnStop);
  auto config = withOptions(R"({"deleteOnStop":false})");
  config.ephemeral = true;
  CHECK(failsWith(define(config), Errc::invalidArgument, "ephemeral"));
}
