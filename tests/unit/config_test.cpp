#include <mooring/config.hpp>
#include <mooring/detail/json_text.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>

using namespace mooring;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

Result<SandboxConfig> parsed(const std::string& text) { return parseConfig(json::parse(text)); }

SandboxConfig full() {
  SandboxConfig config;
  config.provider = "local";
  config.runtime = "python3.12";
  config.image = "debian:12";
  config.timeout = 15min;
  config.idleTimeout = 90s;
  config.ports = {80, 65535, 1};
  config.resources = {.vcpus = 2, .memoryMib = 4096, .diskGib = 10};
  config.env = {{"PLAIN", "x"}, {"RAW", "\xff raw"}};
  config.secretEnv = {"TOKEN"};
  config.labels = {{"team", "grün"}};
  config.volumes = {{.name = "data", .mountPath = "/data", .readOnly = true},
                    {.name = "b", .mountPath = "/data2"}};
  config.network = {.mode = NetworkMode::allowList, .allow = {"example.com"}};
  config.ephemeral = true;
  config.purpose = "parse";
  config.params = {{"timeout", 1}, {"nested", json::object{{"anything", json::array{1, nullptr}}}}};
  SetupCommand run{
      .program = "sh", .args = {"-c", "\xff", ""}, .cwd = "/x", .env = {{"A", "b"}}, .timeout = 5s};
  SetupUpload inlined{.path = "/p", .content = std::string("\0\xff", 2), .mode = 0600};
  SetupUpload empty{.path = "/e", .content = ""};
  SetupUpload tree{.path = "/t", .source = "/home/\xff"};
  config.setup = {run, inlined, empty, tree};
  config.recreate = RecreatePolicy::never;
  config.needs = {Capability::volumes, Capability::images};
  config.options = {{"local", json::object{{"whatever", true}}}};
  return config;
}

const std::string nul("a\0b", 3);

/// Behind one that is right, so that the error has to say which.
void addStep(SandboxConfig& config, SetupStep step) {
  config.setup = {SetupCommand{.program = "true"}, std::move(step)};
}

struct Impossible {
  std::string subject;  ///< What the error has to name.
  void (*spoil)(SandboxConfig& config);
};

const std::vector<Impossible> impossible = {
    {"ports: 0", [](SandboxConfig& config) { config.ports = {80, 0}; }},
    {"65536", [](SandboxConfig& config) { config.ports = {65536}; }},
    {"80 twice", [](SandboxConfig& config) { config.ports = {80, 81, 80}; }},
    {"timeout", [](SandboxConfig& config) { config.timeout = -1ms; }},
    {"idleTimeout", [](SandboxConfig& config) { config.idleTimeout = -1ms; }},
    {"timeout", [](SandboxConfig& config) { config.timeout = std::chrono::milliseconds::max(); }},
    {"resources.vcpus", [](SandboxConfig& config) { config.resources.vcpus = 0; }},
    {"resources.memoryMib", [](SandboxConfig& config) { config.resources.memoryMib = -1; }},
    {"resources.diskGib", [](SandboxConfig& config) { config.resources.diskGib = 0; }},
    {"A B", [](SandboxConfig& config) { config.env = {{"A B", ""}}; }},
    {"env", [](SandboxConfig& config) { config.env = {{"", ""}}; }},
    {"1A", [](SandboxConfig& config) { config.env = {{"1A", ""}}; }},
    {"A=B", [](SandboxConfig& config) { config.env = {{"A=B", ""}}; }},
    {"env.A", [](SandboxConfig& config) { config.env = {{"A", nul}}; }},
    {"A-B", [](SandboxConfig& config) { config.secretEnv = {"A-B"}; }},
    {"A twice", [](SandboxConfig& config) { config.secretEnv = {"A", "A"}; }},
    {"A is in env and in secretEnv",
     [](SandboxConfig& config) {
       config.env = {{"A", "x"}};
       config.secretEnv = {"A"};
     }},
    {"labels", [](SandboxConfig& config) { config.labels = {{"", "x"}}; }},
    {"labels.k", [](SandboxConfig& config) { config.labels = {{"k", "\xff"}}; }},
    {"volumes", [](SandboxConfig& config) { config.volumes = {{.name = "", .mountPath = "/a"}}; }},
    {".a", [](SandboxConfig& config) { config.volumes = {{.name = ".a", .mountPath = "/a"}}; }},
    {"a/b", [](SandboxConfig& config) { config.volumes = {{.name = "a/b", .mountPath = "/a"}}; }},
    {"at most 64",
     [](SandboxConfig& config) { config.volumes = {{.name = std::string(65, 'a'), .mountPath = "/a"}}; }},
    {"mountPath \"a\"", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "a"}}; }},
    {"mountPath", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "/"}}; }},
    {"/a/../b", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "/a/../b"}}; }},
    {"/a/./b", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "/a/./b"}}; }},
    {"/a/", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "/a/"}}; }},
    {"mountPath", [](SandboxConfig& config) { config.volumes = {{.name = "a", .mountPath = "/" + nul}}; }},
    {"/x",
     [](SandboxConfig& config) {
       config.volumes = {{.name = "a", .mountPath = "/x"}, {.name = "b", .mountPath = "/x"}};
     }},
    {"/x/y",
     [](SandboxConfig& config) {
       config.volumes = {{.name = "a", .mountPath = "/x/y"}, {.name = "b", .mountPath = "/x"}};
     }},
    {"network.allow",
     [](SandboxConfig& config) { config.network = {.mode = NetworkMode::open, .allow = {"a"}}; }},
    {"network.allow",
     [](SandboxConfig& config) { config.network = {.mode = NetworkMode::blocked, .allow = {"a"}}; }},
    {"network.allow",
     [](SandboxConfig& config) { config.network = {.mode = NetworkMode::allowList, .allow = {""}}; }},
    {"setup[1].run", [](SandboxConfig& config) { addStep(config, SetupCommand{}); }},
    {"setup[1].run", [](SandboxConfig& config) { addStep(config, SetupCommand{.program = nul}); }},
    {"setup[1].run",
     [](SandboxConfig& config) { addStep(config, SetupCommand{.program = "a", .args = {nul}}); }},
    {"setup[1].run.env",
     [](SandboxConfig& config) { addStep(config, SetupCommand{.program = "a", .env = {{"A B", ""}}}); }},
    {"setup[1].run.timeout",
     [](SandboxConfig& config) { addStep(config, SetupCommand{.program = "a", .timeout = -1ms}); }},
    {"setup[1].upload", [](SandboxConfig& config) { addStep(config, SetupUpload{.content = "x"}); }},
    {"exactly one of content and source",
     [](SandboxConfig& config) { addStep(config, SetupUpload{.path = "/x"}); }},
    {"exactly one of content and source",
     [](SandboxConfig& config) {
       addStep(config, SetupUpload{.path = "/x", .content = "", .source = "/y"});
     }},
    {"setup[1].upload.mode",
     [](SandboxConfig& config) {
       addStep(config, SetupUpload{.path = "/x", .content = "", .mode = 010000});
     }},
    {"options.local",
     [](SandboxConfig& config) {
       config.provider = "daytona";
       config.options = {{"local", json::object{}}};
     }},
    {"options.local", [](SandboxConfig& config) { config.options = {{"local", 1}}; }},
    {"params.a[0]", [](SandboxConfig& config) { config.params = {{"a", json::array{"\xff"}}}; }},
    {"purpose", [](SandboxConfig& config) { config.purpose = "\xc3\x28"; }},
};

}  // namespace

TEST_CASE("config/json: every member comes back", "[unit][config]") {
  const auto text = json::serialize(toJson(full()));
  const auto config = parsed(text);
  REQUIRE(test::ok(config));
  CHECK(json::serialize(toJson(*config)) == text);
  CHECK(config->provider == "local");
  CHECK(config->runtime == "python3.12");
  CHECK(config->image == "debian:12");
  CHECK(config->timeout == 15min);
  CHECK(config->idleTimeout == 90s);
  CHECK(config->ports == full().ports);
  CHECK(config->resources.vcpus == 2);
  CHECK(config->resources.memoryMib == 4096);
  CHECK(config->resources.diskGib == 10);
  CHECK(config->env == full().env);
  CHECK(config->secretEnv == full().secretEnv);
  CHECK(config->labels == full().labels);
  REQUIRE(config->volumes.size() == 2);
  CHECK(config->volumes[0].name == "data");
  CHECK(config->volumes[0].mountPath == "/data");
  CHECK(config->volumes[0].readOnly);
  CHECK_FALSE(config->volumes[1].readOnly);
  CHECK(config->network.mode == NetworkMode::allowList);
  CHECK(config->network.allow == full().network.allow);
  CHECK(config->ephemeral);
  CHECK(config->purpose == "parse");
  CHECK(config->params == full().params);
  REQUIRE(config->setup.size() == 4);
  const auto& run = std::get<SetupCommand>(config->setup[0]);
  CHECK(run.program == "sh");
  CHECK(run.args == std::vector<std::string>{"-c", "\xff", ""});
  CHECK(run.cwd == "/x");
  CHECK(run.env == std::map<std::string, std::string>{{"A", "b"}});
  CHECK(run.timeout == 5s);
  CHECK(std::get<SetupUpload>(config->setup[1]).content == std::string("\0\xff", 2));
  CHECK(std::get<SetupUpload>(config->setup[1]).mode == 0600);
  CHECK(std::get<SetupUpload>(config->setup[2]).content == "");
  CHECK_FALSE(std::get<SetupUpload>(config->setup[3]).content.has_value());
  CHECK(std::get<SetupUpload>(config->setup[3]).source == "/home/\xff");
  CHECK(config->recreate == RecreatePolicy::never);
  CHECK(config->needs == full().needs);
  CHECK(config->options == full().options);
}

TEST_CASE("config/json: the form is readable: defaults left out, bytes and modes as people write them",
          "[unit][config]") {
  CHECK(json::serialize(toJson(SandboxConfig())) == R"({"schema":1})");
  SandboxConfig config;
  config.timeout = 1500ms;
  config.env = {{"A", "\xff\xfe"}};
  config.setup = {SetupUpload{.path = "/p", .content = "x", .mode = 0755}};
  CHECK(json::serialize(toJson(config)) ==
        R"({"schema":1,"timeoutMs":1500,"env":{"A":{"base64":"//4="}},)"
        R"("setup":[{"upload":{"path":"/p","content":"x","mode":"0755"}}]})");
}

TEST_CASE("config/json: what a person writes needs no schema number", "[unit][config]") {
  const auto config = parsed(R"({"provider": "daytona", "timeoutMs": 60000, "env": {"A": "b"}})");
  REQUIRE(test::ok(config));
  CHECK(config->timeout == 1min);
  CHECK(test::failsWith(parsed(R"({"schema": 2})"), Errc::invalidArgument, "schema 2"));
}

TEST_CASE("config/json: a key that is unknown, misplaced or of the wrong type is named by its path",
          "[unit][config]") {
  const auto [text, path] = GENERATE(table<std::string, std::string>({
      {R"({"timeout": 5})", "timeout is not a known key"},
      {R"({"timeout": 5})", "timeoutMs"},
      {R"({"resources": {"cpus": 1}})", "resources.cpus"},
      {R"({"volumes": [{"name": "a", "mountPath": "/a"}, {"name": "b", "path": "/b"}]})", "volumes[1].path"},
      {R"({"setup": [{"run": {"program": "a"}}, {"run": {"programm": "a"}}]})", "setup[1].run.programm"},
      {R"({"setup": [{"run": {"program": "a"}, "upload": {"path": "b"}}]})", "setup[0]"},
      {R"({"setup": [{}]})", "setup[0]"},
      {R"({"setup": [{"run": {"program": "a"}, "when": 1}]})", "setup[0].when"},
      {R"({"setup": [{"run": {"program": "a", "args": ["x", 1]}}]})", "setup[0].run.args[1]"},
      {R"({"setup": [{"upload": {"path": "a", "mode": 755}}]})", "setup[0].upload.mode"},
      {R"({"setup": [{"upload": {"path": "a", "mode": "0999"}}]})", "setup[0].upload.mode"},
      {R"({"setup": [{"upload": {"path": "a", "content": {"base64": "%%%="}}}]})", "setup[0].upload.content"},
      {R"({"setup": [{"upload": {"path": "a", "content": {"base64": "eA"}}}]})", "setup[0].upload.content"},
      {R"({"setup": [{"upload": {"path": "a", "content": {"base64": " eA=="}}}]})",
       "setup[0].upload.content"},
      {R"({"setup": [{"upload": {"path": "a", "content": {"base64": "eB=="}}}]})", "setup[0].upload.content"},
      {R"({"network": {"mode": "closed"}})", "network.mode"},
      {R"({"network": {"mode": "closed"}})", "blocked"},
      {R"({"network": {"allow": "x"}})", "network.allow"},
      {R"({"needs": ["volumes", "wings"]})", "needs[1]"},
      {R"({"recreate": true})", "recreate"},
      {R"({"ephemeral": "yes"})", "ephemeral"},
      {R"({"ephemeral": 1})", "ephemeral"},
      {R"({"provider": 1})", "provider"},
      {R"({"purpose": {"base64": "eA=="}})", "purpose"},
      {R"({"purpose": null})", "purpose"},
      {R"({"env": {"A": 1}})", "env.A"},
      {R"({"env": ["A=b"]})", "env"},
      {R"({"labels": {"a": null}})", "labels.a"},
      {R"({"secretEnv": "TOKEN"})", "secretEnv"},
      {R"({"ports": [80, "81"]})", "ports[1]"},
      {R"({"ports": [80.0]})", "ports[0]"},
      {R"({"ports": [0]})", "ports[0]"},
      {R"({"ports": [65536]})", "ports[0]"},
      {R"({"timeoutMs": -1})", "timeoutMs"},
      {R"({"timeoutMs": "5s"})", "timeoutMs"},
      {R"({"timeoutMs": 1e3})", "timeoutMs"},
      {R"({"timeoutMs": 9223372036854775807})", "timeoutMs"},
      {R"({"timeoutMs": 18446744073709551615})", "timeoutMs"},
      {R"({"resources": {"vcpus": 0}})", "resources.vcpus"},
      {R"({"resources": {"vcpus": 4294967297}})", "resources.vcpus"},
      {R"({"params": []})", "params"},
      {R"({"options": {"local": 1}})", "options.local"},
      {R"({"provider": "daytona", "options": {"local": {}}})",
       "options.local does not belong to provider daytona"},
      {R"([])", "the config"},
      {R"("local")", "the config"},
  }));
  CHECK(test::failsWith(parsed(text), Errc::invalidArgument, path));
}

TEST_CASE("config/json: params and options belong to others and are kept as they are", "[unit][config]") {
  const auto config = parsed(
      R"({"params": {"timeout": {"unknown": 1}}, "options": {"acme": {"x": [1]}, "local": {}}})");
  REQUIRE(test::ok(config));
  CHECK(json::serialize(config->params) == R"({"timeout":{"unknown":1}})");
  CHECK(json::serialize(config->options) == R"({"acme":{"x":[1]},"local":{}})");
}

TEST_CASE("config/hash: the same for the same config, whatever the order; another for another",
          "[unit][config]") {
  const auto one = parsed(
      R"({"env": {"A": "1", "B": "2"}, "params": {"x": {"a": 1, "b": [1, {"c": 2, "d": 3}]}}})");
  const auto two = parsed(
      R"({"params": {"x": {"b": [1, {"d": 3, "c": 2}], "a": 1}}, "env": {"B": "2", "A": "1"}})");
  const auto other = parsed(
      R"({"params": {"x": {"b": [{"d": 3, "c": 2}, 1], "a": 1}}, "env": {"B": "2", "A": "1"}})");
  CHECK(configHash(*one) == configHash(*two));
  CHECK(configHash(*one) != configHash(*other));
  CHECK(configHash(full()) != configHash(SandboxConfig()));
  // SHA-256 of {"schema":1}: the form that is hashed is a promise to stored records.
  CHECK(configHash(SandboxConfig()) == "67d6291b301412df4a6ca7808aeafac9d0587b06ece3c68e72bab0157cd9d52c");
}

TEST_CASE("config/validate: what can be asked for passes", "[unit][config]") {
  CHECK(test::ok(validate(SandboxConfig())));
  CHECK(test::ok(validate(full())));
}

TEST_CASE("config/validate: what can never work is refused, and named", "[unit][config]") {
  for (const auto& [subject, spoil] : impossible) {
    SandboxConfig config;
    spoil(config);
    CHECK(test::failsWith(validate(config), Errc::invalidArgument, subject));
  }
}

TEST_CASE("config/validate: mounts side by side are no nesting", "[unit][config]") {
  SandboxConfig config;
  config.volumes = {{.name = std::string(64, 'a'), .mountPath = "/x/y"}, {.name = "b", .mountPath = "/x/yz"}};
  config.network.mode = NetworkMode::allowList;
  CHECK(test::ok(validate(config)));
}

TEST_CASE("json text: doubles come back exactly, and what is not JSON is refused", "[unit][json]") {
  for (const double number : {0.1,
                              0.1 + 0.2,
                              1.0 / 3.0,
                              5e-324,
                              2.2250738585072014e-308,
                              1.7976931348623157e308,
                              -0.0,
                              1e22,
                              9007199254740993.0,
                              123456789.123456789}) {
    const auto read = detail::parseJsonText(json::serialize(json::value(number)));
    REQUIRE(test::ok(read));
    CHECK(read->as_double() == number);
    CHECK(std::signbit(read->as_double()) == std::signbit(number));
  }
  const auto mixed = detail::parseJsonText(
      R"( {"a": [1, -2, 18446744073709551615, true, null, "\u20ac\n"], "b": {}, "a b": 1e-2} )");
  REQUIRE(test::ok(mixed));
  CHECK(
      json::serialize(*mixed) ==
      json::serialize(json::parse(R"({"a":[1,-2,18446744073709551615,true,null,"€\n"],"b":{},"a b":1E-2})")));
  for (const std::string bad :
       {"", " ", "{", "[1,]", "{} {}", "nul", "\"\xff\"", "1e999", "01", "{\"a\":1,}", "// x\n1"}) {
    INFO(bad);
    CHECK(test::failsWith(detail::parseJsonText(bad), Errc::corrupted, "JSON"));
  }
  CHECK(test::failsWith(detail::parseJsonText(std::string(100'000, '[')), Errc::corrupted));
}

TEST_CASE("json text: bytes take the form of text where they are text", "[unit][json]") {
  for (const std::string& bytes : {std::string(),
                                   std::string("grün 🚢"),
                                   std::string("\0", 1),
                                   std::string("\xff"),
                                   std::string("\xed\xa0\x80"),
                                   std::string("\xc0\xaf"),
                                   std::string("\xf0\x9f\x9a")}) {
    const auto written = json::serialize(detail::bytesToJson(bytes));
    const auto read = detail::parseJsonText(written);
    REQUIRE(test::ok(read));
    CHECK(detail::bytesFromJson(*read) == bytes);
    CHECK(read->is_string() == detail::isUtf8(bytes));
  }
  CHECK(detail::isUtf8("grün 🚢"));
  CHECK_FALSE(detail::isUtf8("\xed\xa0\x80"));
  CHECK_FALSE(detail::isUtf8("\xc0\xaf"));
  CHECK_FALSE(detail::isUtf8("\xf0\x9f\x9a"));
  CHECK_FALSE(detail::isUtf8("\xf4\x90\x80\x80"));
}
