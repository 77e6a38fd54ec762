#include "daytona_account.hpp"
#include "definition.hpp"
#include "options.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
using daytona::Defaults;
using daytona::define;
using daytona::optionsOf;
using std::chrono::milliseconds;
using std::chrono::minutes;
namespace json = boost::json;

namespace {

SandboxConfig configWith(const daytona::Options& options) {
  SandboxConfig config;
  setOptions(config, options);
  return config;
}

SandboxConfig configWith(const char* options) {
  SandboxConfig config;
  config.options["daytona"] = json::parse(options);
  return config;
}

json::object bodyOf(const SandboxConfig& config, const Defaults& defaults = Defaults()) {
  auto definition = define(config, defaults);
  REQUIRE(test::ok(definition));
  std::map<std::string, std::string> ids;
  for (const auto& volume : definition->volumes)
    ids.emplace(volume.mountPath, "id-of-" + volume.name);
  return createBody(*definition, "key-1", "owner", ids);
}

}  // namespace

TEST_CASE("daytona/options: what is written is what is read", "[unit][daytona]") {
  daytona::Options options;
  options.language = daytona::Language::typescript;
  options.declarativeImage = daytona::DeclarativeImage{
      .base = "debian:12", .python = "", .pip = {"numpy"}, .workdir = "/work"};
  options.envVars = {{"A", "b"}};
  options.isPublic = true;
  options.ephemeral = false;
  options.autoStop = minutes(5);
  options.autoArchive = minutes(0);
  options.autoDelete = minutes(-1);
  options.user = "me";
  options.target = "eu";
  options.subpaths = {{"/data", "sub"}};
  options.volumeTimeout = milliseconds(7);
  const auto read = optionsOf(configWith(options));
  REQUIRE(test::ok(read));
  CHECK(json::serialize(toJson(*read)) == json::serialize(toJson(options)));
  CHECK(toJson(daytona::Options()).empty());
}

TEST_CASE("daytona/options: unknown and misshapen members are refused by name", "[unit][daytona]") {
  struct Row {
    const char* options;
    const char* named;
  };
  const auto row = GENERATE(values<Row>({
      {R"({"noSuch": 1})", "noSuch"},
      {R"({"language": "cobol"})", "language"},
      {R"({"snapshot": 1})", "snapshot"},
      {R"({"public": "yes"})", "public"},
      {R"({"ephemeral": 1})", "ephemeral"},
      {R"({"autoStopMinutes": -1})", "autoStopMinutes"},
      {R"({"autoStopMinutes": 1.5})", "autoStopMinutes"},
      {R"({"autoArchiveMinutes": "1"})", "autoArchiveMinutes"},
      {R"({"autoDeleteMinutes": -2})", "autoDeleteMinutes"},
      {R"({"declarativeImage": []})", "declarativeImage"},
      {R"({"declarativeImage": {"pip": [1]}})", "declarativeImage.pip"},
      {R"({"declarativeImage": {"apt": []}})", "declarativeImage.apt"},
      {R"({"envVars": {"A": 1}})", "envVars"},
      {R"({"subpaths": []})", "subpaths"},
      {R"({"volumeTimeoutMs": 0})", "volumeTimeoutMs"},
  }));
  CAPTURE(row.options);
  CHECK(test::failsWith(optionsOf(configWith(row.options)), Errc::invalidArgument, row.named));
}

TEST_CASE("daytona/definition: conflicts are refused before any request", "[unit][daytona]") {
  daytona::Options options;
  SandboxConfig config;
  std::string named;
  SECTION("image with snapshot") {
    options.snapshot = "s";
    config.image = "debian:12";
    named = "snapshot";
  }
  SECTION("declarative image with snapshot") {
    options.snapshot = "s";
    options.declarativeImage = daytona::DeclarativeImage();
    named = "snapshot";
  }
  SECTION("declarative image with image") {
    options.declarativeImage = daytona::DeclarativeImage();
    config.image = "debian:12";
    named = "declarativeImage";
  }
  SECTION("resources with snapshot") {
    options.snapshot = "s";
    config.resources.vcpus = 2;
    named = "resources";
  }
  SECTION("resources with the default snapshot") {
    config.resources.memoryMib = 2048;
    named = "resources";
  }
  SECTION("ephemeral with autoDelete") {
    options.ephemeral = true;
    options.autoDelete = minutes(5);
    named = "autoDelete";
  }
  SECTION("the config's ephemeral with autoDelete") {
    config.ephemeral = true;
    options.autoDelete = minutes(5);
    named = "autoDelete";
  }
  SECTION("ephemeral with autoArchive") {
    options.ephemeral = true;
    options.autoArchive = minutes(5);
    named = "autoArchive";
  }
  SECTION("ephemeral and not ephemeral") {
    config.ephemeral = true;
    options.ephemeral = false;
    named = "ephemeral";
  }
  SECTION("two idle limits") {
    config.idleTimeout = minutes(3);
    options.autoStop = minutes(5);
    named = "idleTimeout";
  }
  SECTION("a python version with a base of one's own") {
    options.declarativeImage = daytona::DeclarativeImage{.base = "debian:12", .python = "3.12"};
    named = "python";
  }
  SECTION("another Dockerfile line in an image") {
    config.image = "debian:12\nRUN evil";
    named = "image";
  }
  SECTION("a pip option as a package") {
    options.declarativeImage = daytona::DeclarativeImage{.pip = {"--index-url=http://elsewhere"}};
    named = "pip";
  }
  SECTION("mooring's own label") {
    config.labels = {{"mooring", "x"}};
    named = "labels";
  }
  SECTION("a volume over the system") {
    config.volumes = {{.name = "v", .mountPath = "/etc/v"}};
    named = "/etc";
  }
  SECTION("a subpath of no volume") {
    options.subpaths = {{"/data", "x"}};
    named = "subpaths";
  }
  SECTION("a subpath that leaves the volume") {
    config.volumes = {{.name = "v", .mountPath = "/data"}};
    options.subpaths = {{"/data", "a/../.."}};
    named = "subpaths";
  }
  SECTION("what is neither a block nor a domain") {
    config.network = {.mode = NetworkMode::allowList, .allow = {"::1/128"}};
    named = "network.allow";
  }
  SECTION("a runtime that Daytona does not have") {
    config.runtime = "cobol85";
    named = "runtime";
  }
  setOptions(config, options);
  const auto refused = define(config, Defaults());
  CHECK(test::failsWith(refused, Errc::invalidArgument, named));
}

TEST_CASE("daytona/definition: a read-only volume cannot be had", "[unit][daytona]") {
  SandboxConfig config;
  config.volumes = {{.name = "v", .mountPath = "/data", .readOnly = true}};
  CHECK(test::failsWith(define(config, Defaults()), Errc::unsupported, "readOnly"));
}

TEST_CASE("daytona/definition: the nearest wish decides whether it is ephemeral", "[unit][daytona]") {
  Defaults defaults;
  defaults.ephemeral = GENERATE(true, false);
  CAPTURE(defaults.ephemeral);
  SandboxConfig config;
  daytona::Options options;
  const auto ephemeral = [&] {
    setOptions(config, options);
    auto definition = define(config, defaults);
    REQUIRE(test::ok(definition));
    CHECK((definition->autoDeleteMinutes == std::optional<std::int64_t>(0)) == definition->ephemeral);
    return definition->ephemeral;
  };
  CHECK(ephemeral() == defaults.ephemeral);
  options.ephemeral = false;
  CHECK_FALSE(ephemeral());
  options.ephemeral = true;
  CHECK(ephemeral());
  options.ephemeral.reset();
  options.autoDelete = minutes(-1);
  CHECK_FALSE(ephemeral());
  options.autoDelete.reset();
  config.ephemeral = true;
  CHECK(ephemeral());
}

TEST_CASE("daytona/definition: `resume` is offered exactly where stopping keeps the files",
          "[unit][daytona]") {
  Defaults defaults;
  const auto support = [&] { return capabilitiesWith(defaults).at(Capability::resume).support; };
  CHECK(support() == Support::unsupported);
  defaults.ephemeral = false;
  CHECK(support() == Support::native);
  defaults.deleteOnStop = true;
  CHECK(support() == Support::unsupported);
}

TEST_CASE("daytona/body: a plain sandbox asks for nothing that keeps it from a warm pool",
          "[unit][daytona]") {
  const auto body = bodyOf(SandboxConfig());
  CHECK(json::serialize(body) ==
        R"({"name":"key-1","labels":{"code-toolbox-language":"python","mooring":"owner"},)"
        R"("autoDeleteInterval":0})");
}

TEST_CASE("daytona/body: everything that can be asked for arrives in Daytona's terms", "[unit][daytona]") {
  SandboxConfig config;
  config.runtime = "node22";
  config.image = "debian:12";
  config.timeout = milliseconds(61'000);
  config.idleTimeout = milliseconds(1);
  config.resources.vcpus = 2;
  config.resources.memoryMib = 1500;
  config.resources.diskGib = 10;
  config.labels = {{"team", "a"}};
  config.volumes = {{.name = "v", .mountPath = "/data"}};
  config.network = {.mode = NetworkMode::allowList, .allow = {"10.0.0.0/8", "1.2.3.4", "*.example.com"}};
  daytona::Options options;
  options.ephemeral = false;
  options.autoArchive = minutes(30);
  options.autoDelete = minutes(60);
  options.envVars = {{"A", "b"}};
  options.isPublic = true;
  options.user = "me";
  options.target = "eu";
  options.subpaths = {{"/data", "sub"}};
  setOptions(config, options);
  const auto expected = json::parse(R"({
    "name": "key-1",
    "labels": {"code-toolbox-language": "javascript", "mooring": "owner", "team": "a"},
    "buildInfo": {"dockerfileContent": "FROM debian:12\n"},
    "user": "me", "target": "eu", "env": {"A": "b"}, "public": true,
    "autoStopInterval": 1, "autoArchiveInterval": 30, "autoDeleteInterval": 60, "ttlMinutes": 2,
    "cpu": 2, "memory": 2, "disk": 10,
    "networkAllowList": "10.0.0.0/8,1.2.3.4/32", "domainAllowList": "*.example.com",
    "volumes": [{"volumeId": "id-of-v", "mountPath": "/data", "subpath": "sub"}]})");
  CHECK(json::value(bodyOf(config)) == expected);

  SandboxConfig blocked;
  blocked.network.mode = NetworkMode::blocked;
  CHECK(bodyOf(blocked).at("networkBlockAll").as_bool());
}

TEST_CASE("daytona/dockerfile: is written from base, version, packages and directory", "[unit][daytona]") {
  using daytona::DeclarativeImage;
  using daytona::dockerfileFor;
  CHECK(dockerfileFor(DeclarativeImage(), "").value() == "FROM python:3.12-slim\n");
  CHECK(dockerfileFor(DeclarativeImage(), "python3.11").value() == "FROM python:3.11-slim\n");
  CHECK(dockerfileFor(DeclarativeImage{.python = "3.10"}, "python3.11").value() == "FROM python:3.10-slim\n");
  const DeclarativeImage whole{.base = "acme/py:1", .pip = {"numpy==2.1", "a[b]>1"}, .workdir = "/work"};
  CHECK(dockerfileFor(whole, "").value() ==
        "FROM acme/py:1\nRUN python3 -m pip install --no-cache-dir 'numpy==2.1' 'a[b]>1'\nWORKDIR /work\n");
  CHECK(test::failsWith(
      dockerfileFor(DeclarativeImage{.workdir = "here"}, ""), Errc::invalidArgument, "workdir"));
}

TEST_CASE("daytona/language: follows from the runtime", "[unit][daytona]") {
  using daytona::Language;
  using daytona::languageOf;
  for (const char* runtime : {"python", "python3", "python3.12", "python@3.12"})
    CHECK(languageOf(runtime) == Language::python);
  for (const char* runtime : {"node", "node22", "nodejs20.x", "javascript"})
    CHECK(languageOf(runtime) == Language::javascript);
  CHECK(languageOf("typescript") == Language::typescript);
  for (const char* runtime : {"", "ruby", "pythonic", "nodelike"})
    CHECK_FALSE(languageOf(runtime).has_value());
}
