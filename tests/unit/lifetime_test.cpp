// Time limits that a provider leaves to mooring: recover() ends what has outlived its lifetime, or the time
// that it may be left unused.
#include <mooring/memory/store.hpp>
#include <mooring/service.hpp>

#include "support/catch.hpp"
#include "support/fake_cloud.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"

#include <algorithm>
#include <future>
#include <thread>

using namespace mooring;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A cloud without lifetimes of its own, and one service on it.
struct Lifetimes {
  std::shared_ptr<test::FakeCloud> cloud;
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::string prints;  ///< Every command; those that ask the journal, too.
  std::optional<SandboxService> service;

  explicit Lifetimes(Support support = Support::emulated,
                     std::chrono::milliseconds useInterval = minutes(5)) {
    test::FakeOptions options;
    options.capabilities[Capability::lifetime] = {support, "by recover()"};
    options.capabilities[Capability::extend] = {support, "by recover()"};
    options.capabilities[Capability::idleTimeout] = {support, "by recover()"};
    options.capabilities[Capability::startedCommands] = {Support::emulated, "by the journal"};
    cloud = test::FakeCloud::make(std::move(options));
    cloud->answerWith([this](const CommandSpec&, RunObserver& observer) {
      observer.onStarted();
      observer.onOutput(Stream::out, asBytes(prints));
      return CommandEnd();
    });
    ServiceParts parts;
    parts.store = memory::makeStore();
    cloud->registerIn(parts.providers);
    std::map<std::string, std::string, std::less<>> variables{{"SANDBOX_PROVIDER", "fake"}};
    parts.settings = Settings(std::move(variables));
    parts.clock = clock;
    parts.useInterval = useInterval;
    auto opened = SandboxService::open(std::move(parts));
    REQUIRE(test::ok(opened));
    service.emplace(std::move(*opened));
  }

  Sandbox create(std::chrono::milliseconds lifetime,
                 std::chrono::milliseconds idle = std::chrono::milliseconds(0)) {
    SandboxConfig config;
    config.timeout = lifetime;
    config.idleTimeout = idle;
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
  native.create(hours(1), minutes(1));
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

TEST_CASE("idle limit: recover() stops what was not used for so long, once, and the next call wakes it",
          "[unit][recovery]") {
  Lifetimes world;
  auto sandbox = world.create(hours(0), hours(1));
  // Ten minutes late, for as long as that a use may not have been noted.
  world.clock->advance(minutes(69));
  CHECK(world.recovered() == Steps{});
  REQUIRE(test::ok(sandbox.run("true", Steps{}).get()));
  world.clock->advance(minutes(69));
  CHECK(world.recovered() == Steps{});
  world.clock->advance(minutes(1));
  CHECK(world.recovered() == Steps{"expire"});
  CHECK(world.cloud->ledger().stopped.size() == 1);
  CHECK(world.recovered() == Steps{});
  const auto events = sandbox.events().get();
  REQUIRE(test::ok(events));
  CHECK(events->back().reason == EventReason::expired);
  CHECK(events->back().detail == "it has not been used for the 3600 s of its idle limit");

  const auto again = sandbox.run("true", Steps{}).get();
  REQUIRE(test::ok(again));
  CHECK(again->connection == OutcomeKind::resumed);
  world.clock->advance(minutes(69));
  CHECK(world.recovered() == Steps{});
}

TEST_CASE("idle limit: the shorter of both limits ends it", "[unit][recovery]") {
  Lifetimes world;
  auto sandbox = world.create(hours(2), hours(1));
  world.clock->advance(hours(1));
  REQUIRE(test::ok(sandbox.run("true", Steps{}).get()));
  world.clock->advance(hours(1));
  CHECK(world.recovered() == Steps{"expire"});
  const auto events = sandbox.events().get();
  REQUIRE(test::ok(events));
  CHECK(events->back().detail == "its lifetime of 7200 s is over");
}

TEST_CASE("idle limit: a call that goes on is a use, in whatever process", "[unit][recovery]") {
  Lifetimes world(Support::emulated, std::chrono::milliseconds(1));
  auto sandbox = world.create(hours(0), hours(1));
  const auto lastUse = [&] {
    const auto record = sandbox.record().get();
    REQUIRE(test::ok(record));
    return record->lastUsedAt;
  };
  const auto gate = test::Gate::make();
  world.cloud->fault(test::FakeCall::run, {test::Fault::block(gate)});
  auto running = std::async(std::launch::async, [&] { return sandbox.run("true", Steps{}).get(); });
  REQUIRE(gate->awaitArrivals());
  world.clock->advance(hours(10));
  const auto now = world.clock->now();
  while (lastUse() < now)
    std::this_thread::yield();
  CHECK(world.recovered() == Steps{});
  gate->open();
  CHECK(test::ok(running.get()));
}

TEST_CASE("idle limit: a started command that runs is a use, though nobody waits for it",
          "[unit][recovery]") {
  Lifetimes world;
  auto sandbox = world.create(hours(0), hours(1));
  world.prints = "started";
  Command command;
  command.program = "sleep";
  command.args = {"1000"};
  const auto started = sandbox.start(command).get();
  REQUIRE(test::ok(started));
  world.prints = "running";
  for (int i = 0; i < 3; ++i) {
    world.clock->advance(minutes(70));
    CHECK(world.recovered() == Steps{});
    CHECK(world.recovered() == Steps{});
  }
  world.prints = "exited 0";
  world.clock->advance(minutes(70));
  CHECK(world.recovered() == Steps{});  // Asking for its end was the last use.
  const auto ended = started->status().get();
  REQUIRE(test::ok(ended));
  CHECK(ended->status == CommandStatus::exited);
  world.clock->advance(minutes(70));
  CHECK(world.recovered() == Steps{"expire"});
}
