// Many processes, one sandbox.

#include "crash/scene.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

using namespace mooring;
using test::Scene;

namespace {

/// Starts `count` children that do `task` at once; gives what each ended with.
std::vector<std::string> together(const Scene& scene, test::ChildTask task, int count) {
  task.waits = true;
  std::vector<test::Child> children;
  children.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    children.push_back(scene.child(task));
  for (auto& child : children)
    REQUIRE(child.waitFor("ready"));
  for (auto& child : children)
    REQUIRE(child.send("go"));
  std::vector<std::string> out;
  for (auto& child : children) {
    const auto said = child.rest();
    out.push_back(said.empty() ? "" : said.back());
    child.wait();
  }
  return out;
}

}  // namespace

TEST_CASE("crash/race: of sixteen processes that find a dead sandbox exactly one recreates it",
          "[crash][race]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto setup = GENERATE(false, true);
  Scene scene(provider);
  const auto service = scene.service();
  const auto sandbox = service.create(scene.config(RecreatePolicy::onDemand, setup)).get();
  REQUIRE(test::ok(sandbox));
  const auto before = scene.onlyRecord();
  scene.world().vanish(before.provisionKey);

  const auto answers = together(scene, {.verb = "run", .subject = before.sandboxId.value}, 16);

  for (const auto& answer : answers) {
    // Whoever looks late finds the new generation simply there.
    const std::string output = setup ? "done|" : "none|";
    const std::vector<std::string> right{"ok 0 recreated " + output, "ok 0 attached " + output};
    INFO(answer);
    CHECK(std::ranges::count(right, answer) == 1);
  }
  CHECK(std::ranges::count_if(answers,
                              [](const auto& answer) { return answer.starts_with("ok 0 recreated"); }) >= 1);
  const auto after = scene.onlyRecord();
  CHECK(after.generation == 2);
  CHECK(after.status == SandboxStatus::active);
  CHECK(scene.count(after.sandboxId, EventReason::foundGone) == 1);
  CHECK(scene.count(after.sandboxId, EventReason::recreateStarted) == 0);
  CHECK(scene.count(after.sandboxId, EventReason::leaseTakenOver) == 0);
  CHECK(scene.count(after.sandboxId, EventReason::recreated) == 1);
  CHECK(scene.world().standing() == std::vector{after.provisionKey});
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/race: processes that recover at the same time do each step once", "[crash][race]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  Scene scene(provider);
  const std::vector<RecreatePolicy> policies{
      RecreatePolicy::never, RecreatePolicy::onDemand, RecreatePolicy::always};
  const std::vector<Step> steps{Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone};
  for (const auto policy : policies) {
    for (const auto step : steps) {
      const auto config = scene.config(policy, step == Step::createSetupDone);
      scene.killed({.verb = "create", .subject = boost::json::serialize(toJson(config)), .cutOff = step});
    }
  }
  scene.expireLeases();

  const auto answers = together(scene, {.verb = "recover"}, 6);

  for (const auto& answer : answers) {
    INFO(answer);
    CHECK_THAT(answer, Catch::Matchers::StartsWith("ok "));
  }
  for (const auto& record : scene.records()) {
    CAPTURE(record.sandboxId.value, toString(record.status));
    CHECK(scene.count(record.sandboxId, EventReason::adopted) <= 1);
    CHECK(scene.count(record.sandboxId, EventReason::leaseTakenOver) <= 1);
    CHECK(scene.count(record.sandboxId, EventReason::provisionFailed) <= 1);
    CHECK(scene.count(record.sandboxId, EventReason::debtPaid) <= 1);
    const bool always = record.config.recreate == RecreatePolicy::always;
    if (always) CHECK(record.status == SandboxStatus::active);
  }
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}
