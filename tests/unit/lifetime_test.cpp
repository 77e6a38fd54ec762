// Lifetimes that a provider leaves to mooring: recover() ends what has outlived its own.
#include <mooring/memory/store.hpp>
#include <mooring/service.hpp>

#include "support/catch.hpp"
#include "support/fake_provider.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"

#include <algorithm>

using namespace mooring;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A cloud without lifetimes of its own, and one service on it.
struct Lifetimes {
  std::shared_ptr<test::FakeCloud> cloud;
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::optional<SandboxService> service;

  explicit Lifetimes(Support support = Support::emulated) {
    test::FakeOptions options;
    options.capabilities[Capability::lifetime] = {support, "by recover()"};
    options.capabilities[Capability::extend] = {support, "by recover()"};
    cloud = test::FakeCloud::make(std::move(options));
    cloud->answerWith([](const CommandSpec&, RunObserver& observer) {
      observer.onStarted();
      return CommandEnd();
    });
    ServiceParts parts;
    parts.store = memory::makeStore();
    cloud->registerIn(parts.providers);
    std::map<std::string, std::string, std::less<>> variables{{"SANDBOX_PROVIDER", "fake"}};
    parts.settings = Settings(std::move(variables));
    parts.clock = clock;
    auto opened = SandboxService::open(std::move(parts));
    REQUIRE(test::ok(opened));
    service.emplace(std::move(*opened));
  }

  Sandbox create(std::chrono::milliseconds lifetime) {
    SandboxConfig config;
    config.timeout = lifetime;
    auto made = service->create(config).get();
    REQUIRE(test::ok(made));
    return std::move(*made);
  }
  std::vector<std::string> recovered() {
    auto report = service->recover().get();
    REQUIRE(test::ok(report));
    CHECK(report->failures.empty());
    std::vector<std::string> out;
    for (const auto& step : report->steps)
      out.emplace_back(toString(step.action));
    return out;
  }
};

using Steps = std::vector<std::string>;

}  // namespace

TEST_CASE("lifetime: recover() stops what has outlived it, once, and the next call wakes it",
          "[unit][recovery]") {
  Lifetimes world;
  auto sandbox = world.create(hours(1));
  world.clock->advance(minutes(59));
  CHECK(world.recovered() == Steps{});
  world.clock->advance(minutes(1));
  CHECK(world.recovered() == Steps{"expire"});
  CHECK(world.cloud->ledger().stopped.size() == 1);
  CHECK(world.recovered() == Steps{});

  const auto record = sandbox.record().get();
  REQUIRE(test::ok(record));
  CHECK(record->status == SandboxStatus::active);
  const auto events = sandbox.events().get();
  REQUIRE(test::ok(events));
  CHECK(events->back().reason == EventReason::expired);

  const auto again = sandbox.run("true", Steps{}).get();
  REQUIRE(test::ok(again));
  CHECK(again->connection == OutcomeKind::resumed);
  world.clock->advance(minutes(59));
  CHECK(world.recovered() == Steps{});
  world.clock->advance(minutes(1));
  CHECK(world.recovered() == Steps{"expire"});
}

TEST_CASE("lifetime: extending it counts from then", "[unit][recovery]") {
  Lifetimes world;
  auto sandbox = world.create(hours(1));
  world.clock->advance(minutes(50));
  REQUIRE(test::ok(sandbox.extend(hours(2)).get()));
  CHECK(world.cloud->calls(test::FakeCall::extend) == 0);
  world.clock->advance(minutes(119));
  CHECK(world.recovered() == Steps{});
  world.clock->advance(minutes(1));
  CHECK(world.recovered() == Steps{"expire"});
}

TEST_CASE("lifetime: without one, or where the provider sees to it, recover() stops nothing",
          "[unit][recovery]") {
  Lifetimes unlimited;
  unlimited.create(hours(0));
  unlimited.clock->advance(hours(10'000));
  CHECK(unlimited.recovered() == Steps{});

  Lifetimes native(Support::native);
  native.create(hours(1));
  native.clock->advance(hours(10'000));
  CHECK(native.recovered() == Steps{});
}

TEST_CASE("lifetime: a stop that fails is tried again by the next recover()", "[unit][recovery]") {
  Lifetimes world;
  world.create(hours(1));
  world.clock->advance(hours(1));
  world.cloud->fault(test::FakeCall::stop, {test::Fault::fail(Errc::unavailable)});
  auto report = world.service->recover().get();
  REQUIRE(test::ok(report));
  CHECK(report->steps.empty());
  CHECK(report->failures.size() == 1);
  CHECK(world.recovered() == Steps{"expire"});
}
