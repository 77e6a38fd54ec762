// A creator that is not dead but stopped: its lease runs out, somebody takes over, and then it wakes up.

#include "crash/scene.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/serialize.hpp>

#include <csignal>
#include <sys/wait.h>

using namespace mooring;
using test::Scene;

namespace {

/// A child that stands still at `step`; returns once all its threads do.
test::Child frozen(const Scene& scene, test::ChildTask task, Step step) {
  task.cutOff = step;
  task.how = test::How::freeze;
  auto child = scene.child(task);
  REQUIRE(child.waitFor("at " + std::string(toString(step))));
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED) == 0);
  return child;
}

std::string wakeAndEnd(test::Child& child) {
  child.signal(SIGCONT);
  const auto said = child.rest();
  child.wait();
  return said.empty() ? "" : said.back();
}

}  // namespace

TEST_CASE("crash/lease: a creator that wakes up after a take-over is fenced off", "[crash][lease]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone);
  const auto setup = GENERATE(false, true);
  CAPTURE(toString(step), setup);
  Scene scene(provider);
  const auto config = scene.config(RecreatePolicy::onDemand, setup);
  auto creator = frozen(scene, {.verb = "create", .subject = boost::json::serialize(toJson(config))}, step);
  const auto found = scene.onlyRecord();
  CHECK(found.leased(scene.now()));
  scene.expireLeases();

  const auto service = scene.service();
  const auto outcome = service.sandbox(found.sandboxId).connect().get();
  REQUIRE(test::ok(outcome));
  INFO((outcome->reason ? describe(*outcome->reason) : ""));
  REQUIRE(outcome->kind == OutcomeKind::recreated);
  const auto taken = scene.onlyRecord();

  const auto said = wakeAndEnd(creator);
  INFO(said);
  CHECK_THAT(said, Catch::Matchers::StartsWith("error "));
  if (!setup) CHECK_THAT(said, Catch::Matchers::StartsWith("error conflict"));

  const auto after = scene.onlyRecord();
  CHECK(after.version == taken.version);
  CHECK(after.leaseToken == taken.leaseToken);
  CHECK(after.status == SandboxStatus::active);
  CHECK(scene.world().standing() == std::vector{after.provisionKey});
  const auto result = service.sandbox(after.sandboxId).run("sh", {"-c", "cat setup.log || echo none"}).get();
  REQUIRE(test::ok(result));
  CHECK(result->connection == OutcomeKind::attached);
  CHECK(result->out.text == (setup ? "done\n" : "none\n"));
  test::checkRecovers(scene);
  CHECK(scene.onlyRecord().version >= after.version);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/lease: a creator that wakes up after recover() gave it up leaves nothing behind",
          "[crash][lease]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone);
  const auto policy = GENERATE(RecreatePolicy::never, RecreatePolicy::onDemand, RecreatePolicy::always);
  const auto setup = GENERATE(false, true);
  CAPTURE(toString(step), toString(policy), setup);
  Scene scene(provider);
  auto creator = frozen(
      scene,
      {.verb = "create", .subject = boost::json::serialize(toJson(scene.config(policy, setup)))},
      step);
  scene.expireLeases();
  test::checkRecovers(scene);
  const auto settled = scene.onlyRecord();

  const auto said = wakeAndEnd(creator);
  CHECK_THAT(said, Catch::Matchers::StartsWith("error "));

  const auto after = scene.onlyRecord();
  CHECK(after.version == settled.version);
  CHECK(after.status == settled.status);
  const bool stands = after.status == SandboxStatus::active;
  CHECK(scene.world().standing() == (stands ? std::vector{after.provisionKey} : std::vector<std::string>()));
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/lease: stopping what another process is creating fences it off", "[crash][lease]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone);
  CAPTURE(toString(step));
  Scene scene(provider);
  const auto config = scene.config(RecreatePolicy::onDemand, false);
  auto creator = frozen(scene, {.verb = "create", .subject = boost::json::serialize(toJson(config))}, step);

  const auto service = scene.service();
  const auto stopped = service.sandbox(scene.onlyRecord().sandboxId).stop().get();
  REQUIRE(test::ok(stopped));
  CHECK(stopped->status == SandboxStatus::shutdown);

  CHECK_THAT(wakeAndEnd(creator), Catch::Matchers::StartsWith("error conflict"));
  CHECK(scene.onlyRecord().version == stopped->version);
  CHECK(scene.world().standing().empty());
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}
