#include "definition.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <string>

using namespace mooring;
using namespace mooring::local;
using Catch::Matchers::ContainsSubstring;

namespace {

SandboxConfig configWith(const char* options) {
  SandboxConfig config;
  config.options["local"] = boost::json::parse(options);
  return config;
}

}  // namespace

TEST_CASE("local/options: what toJson writes is read back", "[unit][local]") {
  Options options;
  options.isolation = Isolation::none;
  options.maxProcesses = 7;
  options.home = "/home/someone";
  options.user = "someone";
  SandboxConfig config;
  setOptions(config, options);

  const auto read = optionsOf(config);

  REQUIRE(read);
  CHECK(read->isolation == Isolation::none);
  CHECK(read->maxProcesses == 7);
  CHECK(read->home == "/home/someone");
  CHECK(read->user == "someone");
  CHECK(toJson(Options()).empty());
}

TEST_CASE("local/options: a key that is unknown or wrong is named", "[unit][local]") {
  const auto [text, key] = GENERATE(table<const char*, const char*>({
      {R"({"isolaton": "none"})", "options.local.isolaton"},
      {R"({"isolation": "full"})", "options.local.isolation"},
      {R"({"isolation": 1})", "options.local.isolation"},
      {R"({"maxProcesses": 0})", "options.local.maxProcesses"},
      {R"({"maxProcesses": "9"})", "options.local.maxProcesses"},
      {R"({"home": "/etc/box"})", "options.local.home"},
      {R"({"home": "home"})", "options.local.home"},
      {R"({"home": "/tmp/box"})", "options.local.home"},
      {R"({"home": 1})", "options.local.home"},
      {R"({"user": "root"})", "options.local.user"},
      {R"({"user": "a:b"})", "options.local.user"},
      {R"([])", "options.local"},
  }));
  const auto checked = validateConfig(configWith(text));
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Errc::invalidArgument);
  CHECK_THAT(checked.error().message, ContainsSubstring(key));
}

TEST_CASE("local/options: what cannot be had is unsupported and says what to do", "[unit][local]") {
  SandboxConfig config;
  std::string key;
  SECTION("runtime") {
    config.runtime = "python3.12";
    key = "runtime";
  }
  SECTION("image") {
    config.image = "debian:12";
    key = "image";
  }
  SECTION("disk") {
    config.resources.diskGib = 3;
    key = "resources.diskGib";
  }
  SECTION("allow list") {
    config.network.mode = NetworkMode::allowList;
    key = "network";
  }
  SECTION("volumes without isolation") {
    config = configWith(R"({"isolation": "none"})");
    config.volumes = {{.name = "v", .mountPath = "/data"}};
    key = "volumes";
  }
  SECTION("no network without isolation") {
    config = configWith(R"({"isolation": "none"})");
    config.network.mode = NetworkMode::blocked;
    key = "network";
  }
  const auto checked = validateConfig(config);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Errc::unsupported);
  CHECK(checked.error().provider == "local");
  CHECK_THAT(checked.error().message, ContainsSubstring(key));
}

TEST_CASE("local/options: a volume is mounted where it hides nothing", "[unit][local]") {
  for (const std::string path :
       {"/data", "/workspace/data", "/mnt/x/y", "/tmp/cache", "/home/me", "/library"}) {
    INFO(path);
    CHECK(checkMountPath(path));
  }
  for (const std::string path : {"",
                                 "data",
                                 "/",
                                 "/workspace",
                                 "/tmp",
                                 "/usr",
                                 "/usr/x",
                                 "/etc/x",
                                 "/proc/1",
                                 "/dev/shm",
                                 "/sys",
                                 "/run/x",
                                 "/bin",
                                 "/lib64/x",
                                 "/a/../etc",
                                 "/a/./b",
                                 "//a",
                                 "/a/"}) {
    INFO(path);
    const auto checked = checkMountPath(path);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::invalidArgument);
  }
}

TEST_CASE("local/options: volumes lie side by side, under names that stay below their directory",
          "[unit][local]") {
  SandboxConfig config;
  config.volumes = {{.name = "a", .mountPath = "/data"}, {.name = "b", .mountPath = "/data/b"}};
  CHECK_FALSE(validateConfig(config));
  config.volumes = {{.name = "a", .mountPath = "/data"}, {.name = "b", .mountPath = "/data-b"}};
  CHECK(validateConfig(config));
  config.volumes = {{.name = "..", .mountPath = "/data"}};
  CHECK_FALSE(validateConfig(config));
}

TEST_CASE("local/definition: it is read back from its text, and holds no environment", "[unit][local]") {
  ProvisionRequest request;
  request.provisionKey = "box-1";
  request.ownerTag = "deployment";
  request.timeout = std::chrono::minutes(5);
  request.config = configWith(R"({"maxProcesses": 50})");
  request.config.env["TOKEN"] = "hidden-value";
  request.config.idleTimeout = std::chrono::seconds(9);
  request.config.network.mode = NetworkMode::blocked;
  request.config.resources.memoryMib = 256;
  request.config.volumes = {{.name = "v", .mountPath = "/data", .readOnly = true}};
  const auto made = defineSandbox(request, Timestamp(std::chrono::milliseconds(1234)));
  REQUIRE(made);

  const std::string text = toText(*made);
  const auto read = parseDefinition(text, "/x/sandbox.json");

  REQUIRE(read);
  CHECK(toText(*read) == text);
  CHECK(read->provisionKey == "box-1");
  CHECK(read->ownerTag == "deployment");
  CHECK(read->lifetime == std::chrono::minutes(5));
  CHECK(read->idleTimeout == std::chrono::seconds(9));
  CHECK(read->networkBlocked);
  CHECK(read->maxProcesses == 50);
  CHECK(read->memoryMib == 256);
  CHECK_FALSE(read->vcpus);
  REQUIRE(read->volumes.size() == 1);
  CHECK(read->volumes[0].readOnly);
  CHECK(text.find("hidden-value") == std::string::npos);
}

TEST_CASE("local/definition: a text that cannot be read is corrupted, and the file is named",
          "[unit][local]") {
  Definition definition;
  definition.provisionKey = "k";
  const std::string good = toText(definition);
  std::string otherSchema = good;
  otherSchema.replace(otherSchema.find("\"schema\":1"), 10, "\"schema\":9");
  std::string noTag = good;
  noTag.replace(noTag.find("ownerTag"), 8, "ownerTug");
  for (const std::string& text : {std::string(),
                                  std::string("{"),
                                  std::string("[]"),
                                  good.substr(0, good.size() / 2),
                                  otherSchema,
                                  noTag}) {
    INFO(text);
    const auto read = parseDefinition(text, "/x/sandbox.json");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::corrupted);
    CHECK_THAT(read.error().message, ContainsSubstring("/x/sandbox.json"));
  }
}
