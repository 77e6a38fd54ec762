#include "definition.hpp"
#include "options.hpp"
#include "vercel_account.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;

namespace {

SandboxConfig withOptions(const std::string& json) {
  SandboxConfig config;
  config.provider = "vercel";
  config.options["vercel"] = boost::json::parse(json);
  return config;
}

boost::json::object bodyOf(const SandboxConfig& config,
                           test::vercel::Variables variables = test::vercel::Variables()) {
  const test::vercel::Wire wire(std::move(variables));
  const auto definition = vercel::define(config, wire.account->defaults);
  REQUIRE(ok(definition));
  const auto login = vercel::loginFor(*definition, wire.account->context.settings);
  REQUIRE(ok(login));
  return vercel::createBody(*definition, *wire.account, "key-1", "owner", *login);
}

}  // namespace

TEST_CASE("vercel/options: come back from their JSON", "[unit][vercel]") {
  const std::string text =
      R"({"source":{"type":"git","url":"https://git.test/x","revision":"main","depth":1,)"
      R"("usernameVariable":"U","passwordVariable":"P"},"persistent":true,"envVars":{"A":"b"},"region":"fra1",)"
      R"("networkPolicy":{"mode":"deny-all"},"snapshotExpirationHours":48,"keepLastSnapshots":3})";
  const auto options = vercel::optionsOf(withOptions(text));
  REQUIRE(ok(options));
  CHECK(vercel::toJson(*options) == boost::json::parse(text).get_object());
  CHECK(vercel::toJson(vercel::Options()).empty());
}

TEST_CASE("vercel/options: a wrong one is refused by its name", "[unit][vercel]") {
  using Case = std::pair<std::string, std::string>;
  const auto [json, named] = GENERATE(
      Case{R"({"nosuch":1})", "nosuch"},
      Case{R"({"persistent":"yes"})", "persistent"},
      Case{R"({"source":{"url":"https://x.test"}})", "source.type"},
      Case{R"({"source":{"type":"svn"}})", "source.type"},
      Case{R"({"source":{"type":"git","url":"https://user:pw@x.test"}})", "source.url"},
      Case{R"({"source":{"type":"git","url":"nonsense"}})", "source.url"},
      Case{R"({"source":{"type":"snapshot","url":"https://x.test"}})", "source"},
      Case{R"({"source":{"type":"tarball","url":"https://x.test","depth":1}})", "source"},
      Case{R"({"source":{"type":"git","url":"https://x.test","depht":1}})", "depht"},
      Case{R"({"snapshotExpirationHours":1})", "snapshotExpirationHours"},
      Case{R"({"keepLastSnapshots":11})", "keepLastSnapshots"},
      Case{R"({"networkPolicy":"deny"})", "networkPolicy"});
  CHECK(failsWith(vercel::optionsOf(withOptions(json)), Errc::invalidArgument, named));
}

TEST_CASE("vercel/create: what differs between versions of the API is always said", "[unit][vercel]") {
  const auto body = bodyOf(SandboxConfig());
  CHECK(boost::json::serialize(body) ==
        R"({"projectId":"prj_1","name":"key-1","ports":[],"timeout":300000,"persistent":false,)"
        R"("snapshotExpiration":604800000,"tags":{"mooring":"owner"}})");
}

TEST_CASE("vercel/create: the common config in Vercel's words", "[unit][vercel]") {
  SandboxConfig config;
  config.image = "vercel/sandbox/python:3.14";
  config.timeout = std::chrono::minutes(20);
  config.ports = {3000, 8080};
  config.resources.memoryMib = 8192;
  config.labels = {{"team", "data"}};
  config.volumes = {{.name = "cache", .mountPath = "/data"},
                    {.name = "base", .mountPath = "/base", .readOnly = true}};
  config.network = {.mode = NetworkMode::allowList, .allow = {"*.example.com", "10.1.0.0/16", "192.0.2.7"}};
  const auto body = bodyOf(config);
  CHECK(body.at("image") == "vercel/sandbox/python:3.14");
  CHECK(body.at("timeout") == 1'200'000);
  CHECK(body.at("ports") == boost::json::parse("[3000,8080]"));
  CHECK(body.at("resources") == boost::json::parse(R"({"vcpus":4})"));
  CHECK(body.at("tags") == boost::json::parse(R"({"team":"data","mooring":"owner"})"));
  CHECK(body.at("mounts") == boost::json::parse(R"({"/data":{"drive":"cache","mode":"read-write"},)"
                                                R"("/base":{"drive":"base","mode":"snapshot"}})"));
  CHECK(body.at("networkPolicy") ==
        boost::json::parse(
            R"({"allow":["*.example.com"],"subnets":{"allow":["10.1.0.0/16","192.0.2.7/32"]}})"));
}

TEST_CASE("vercel/create: a legacy runtime is made by the second version of the API", "[unit][vercel]") {
  SandboxConfig config;
  auto definition = vercel::define(config, vercel::Defaults());
  REQUIRE(ok(definition));
  CHECK(vercel::createPath(*definition) == "/v3/sandboxes");
  config.runtime = "node24";
  definition = vercel::define(config, vercel::Defaults());
  REQUIRE(ok(definition));
  CHECK(vercel::createPath(*definition) == "/v2/sandboxes");
}

TEST_CASE("vercel/create: a repository's login comes from named variables", "[unit][vercel]") {
  const auto config = withOptions(
      R"({"source":{"type":"git","url":"https://git.test/x","usernameVariable":"U","passwordVariable":"P"}})");
  const auto body = bodyOf(config, {{"U", "x-access-token"}, {"P", "ghp_secret"}});
  CHECK(
      body.at("source") ==
      boost::json::parse(
          R"({"type":"git","url":"https://git.test/x","username":"x-access-token","password":"ghp_secret"})"));

  const auto definition = vercel::define(config, vercel::Defaults());
  REQUIRE(ok(definition));
  CHECK(failsWith(vercel::loginFor(*definition, Settings()), Errc::notConfigured, "U"));
}

TEST_CASE("vercel/create: what Vercel cannot do is refused by name", "[unit][vercel]") {
  SandboxConfig config;
  std::string named;
  Errc code = Errc::invalidArgument;
  SECTION("sixteen ports") {
    for (int port = 3000; port < 3016; ++port)
      config.ports.push_back(port);
    named = "ports";
  }
  SECTION("a low port") {
    config.ports = {80};
    named = "80";
  }
  SECTION("three processors") {
    config.resources.vcpus = 3;
    named = "vcpus";
  }
  SECTION("memory of another ratio") {
    config.resources.vcpus = 2;
    config.resources.memoryMib = 8192;
    named = "memoryMib";
  }
  SECTION("a disk") {
    config.resources.diskGib = 5;
    named = "diskGib";
    code = Errc::unsupported;
  }
  SECTION("an idle timeout") {
    config.idleTimeout = std::chrono::minutes(1);
    named = "idleTimeout";
    code = Errc::unsupported;
  }
  SECTION("image and runtime") {
    config.image = "x";
    config.runtime = "node24";
    named = "runtime";
  }
  SECTION("a runtime that is none") {
    config.runtime = "cobol";
    named = "cobol";
  }
  SECTION("five labels") {
    config.labels = {{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}};
    named = "labels";
  }
  SECTION("our own label") {
    config.labels = {{"mooring", "x"}};
    named = "mooring";
  }
  SECTION("a volume's name with a dot") {
    config.volumes = {{.name = "a.b", .mountPath = "/x"}};
    named = "a.b";
  }
  SECTION("ephemeral and persistent") {
    config = withOptions(R"({"persistent":true})");
    config.ephemeral = true;
    named = "persistent";
  }
  SECTION("an image over a snapshot") {
    config = withOptions(R"({"source":{"type":"snapshot","snapshotId":"snap_1"}})");
    config.image = "x";
    named = "source";
  }
  SECTION("two network policies") {
    config = withOptions(R"({"networkPolicy":{"mode":"deny-all"}})");
    config.network.mode = NetworkMode::blocked;
    named = "networkPolicy";
  }
  CHECK(failsWith(vercel::define(config, vercel::Defaults()), code, named));
}

TEST_CASE("vercel/capabilities: resume follows the environment", "[unit][vercel]") {
  vercel::Defaults defaults;
  CHECK(vercel::capabilitiesWith(defaults).at(Capability::resume).support == Support::unsupported);
  defaults.persistent = true;
  CHECK(vercel::capabilitiesWith(defaults).at(Capability::resume).support == Support::native);
}
