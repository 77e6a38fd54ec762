#include "trial.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace mooring::conformance {
namespace {

using std::chrono::minutes;

/// What a config must be refused with, where the provider lacks the capability.
struct Wish {
  Capability capability;
  std::string member;
  std::function<void(SandboxConfig&)> ask;
};

std::vector<Wish> wishes() {
  return {
      {Capability::volumes, "volumes", [](auto& c) { c.volumes = {{.name = "v", .mountPath = "/data"}}; }},
      {Capability::lifetime, "timeout", [](auto& c) { c.timeout = minutes(10); }},
      {Capability::idleTimeout, "idleTimeout", [](auto& c) { c.idleTimeout = minutes(10); }},
      {Capability::vcpuLimit, "vcpus", [](auto& c) { c.resources.vcpus = 1; }},
      {Capability::memoryLimit, "memoryMib", [](auto& c) { c.resources.memoryMib = 512; }},
      {Capability::diskLimit, "diskGib", [](auto& c) { c.resources.diskGib = 10; }},
      {Capability::networkBlock, "network", [](auto& c) { c.network.mode = NetworkMode::blocked; }},
      {Capability::networkAllowList,
       "network",
       [](auto& c) { c.network = {.mode = NetworkMode::allowList, .allow = {"example.com"}}; }},
      {Capability::images, "image", [](auto& c) { c.image = "debian:12"; }},
      {Capability::runtimes, "runtime", [](auto& c) { c.runtime = "python3.12"; }},
  };
}

TEST_CASE("create: what a provider lacks is refused by name before anything is spent",
          "[conformance][lifecycle]") {
  Trial trial;
  for (const auto& wish : wishes()) {
    if (trial.offers(wish.capability)) continue;
    INFO(toString(wish.capability));
    auto config = trial.config();
    wish.ask(config);
    CHECK(failsWith(trial.service().create(config).get(), Errc::unsupported, wish.member));
  }
  CHECK(trial.service().count().get() == 0);
  CHECK(trial.fixture().leftovers().empty());
}

TEST_CASE("create: `needs` decides by what the provider declares", "[conformance][lifecycle]") {
  Trial trial;
  std::vector<Capability> offered;
  for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
    if (trial.offers(capability)) {
      offered.push_back(capability);
      continue;
    }
    auto config = trial.config();
    config.needs = {capability};
    CHECK(failsWith(trial.service().create(config).get(), Errc::unsupported, std::string(text)));
  }
  CHECK(trial.service().count().get() == 0);

  auto config = trial.config();
  config.needs = offered;
  CHECK(ok(trial.service().create(config).get()));
}

TEST_CASE("create: unknown options are refused by name before anything is spent",
          "[conformance][lifecycle]") {
  Trial trial;
  auto config = trial.config();
  std::string named;
  SECTION("an option that this provider does not have") {
    auto& own = config.options[trial.fixture().provider()];
    if (!own.is_object()) own = boost::json::object();
    own.get_object()["noSuchOption"] = true;
    named = "noSuchOption";
  }
  SECTION("options of another provider") {
    config.options["somebody-else"] = boost::json::object();
    named = "somebody-else";
  }
  SECTION("a provider that does not exist") {
    config.provider = "no-such-provider";
    named = "no-such-provider";
  }
  SECTION("a port that is none") {
    config.ports = {70000};
    named = "ports";
  }
  CHECK(failsWith(trial.service().create(config).get(), Errc::invalidArgument, named));
  CHECK(trial.service().count().get() == 0);
  CHECK(trial.fixture().leftovers().empty());
}

}  // namespace
}  // namespace mooring::conformance
