// A process is killed with SIGKILL at each step of each change; another one has to make sense of what it
// finds.

#include "crash/scene.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/serialize.hpp>

using namespace mooring;
using test::Scene;

namespace {

struct Case {
  std::string verb;
  Step step;
  RecreatePolicy policy = RecreatePolicy::onDemand;
  bool setup = false;
  bool ephemeral = false;
  std::string before = {};  ///< What is done undisturbed before: "create", "vanish" (created, then gone),
                            ///< "stop".
};

std::string create(const Case& what, const Scene& scene) {
  auto config = scene.config(what.policy, what.setup);
  config.ephemeral = what.ephemeral;
  return boost::json::serialize(toJson(config));
}

/// Leaves the scene as it is when the process dies, and gives the record that is found then.
SandboxRecord dieAt(Scene& scene, const Case& what) {
  if (what.before.empty()) {
    scene.killed({.verb = what.verb, .subject = create(what, scene), .cutOff = what.step});
    return scene.onlyRecord();
  }
  REQUIRE_THAT(scene.finished({.verb = "create", .subject = create(what, scene)}),
               Catch::Matchers::StartsWith("ok "));
  const auto record = scene.onlyRecord();
  if (what.before == "vanish") scene.world().vanish(record.provisionKey);
  if (what.before == "stop")
    CHECK(scene.finished({.verb = "stop", .subject = record.sandboxId.value}) == "ok stopped");
  scene.killed({.verb = what.verb, .subject = record.sandboxId.value, .cutOff = what.step});
  return scene.onlyRecord();
}

/// A lease that is still valid protects the creation from everybody, however dead its owner is.
void checkLeftAlone(Scene& scene, const SandboxRecord& found) {
  const auto standing = scene.world().standing();
  const auto service = scene.service();
  const auto report = service.recover().get();
  REQUIRE(test::ok(report));
  for (const auto& step : report->steps)
    CHECK(step.provisionKey != found.provisionKey);
  const auto now = scene.onlyRecord();
  CHECK(now.version == found.version);
  CHECK(now.status == found.status);
  CHECK(std::ranges::count(scene.world().standing(), found.provisionKey) ==
        std::ranges::count(standing, found.provisionKey));
}

bool unfinished(const SandboxRecord& record) {
  return record.status == SandboxStatus::creating || record.status == SandboxStatus::recreating;
}

/// What recover() has to make of an interrupted creation. `made`: the provider had done its part.
SandboxStatus settled(const Case& what, bool made) {
  if (made && !what.setup) return SandboxStatus::active;
  return what.policy == RecreatePolicy::always ? SandboxStatus::active : SandboxStatus::error;
}

/// After recovery the handle does what its policy promises.
void checkUsable(Scene& scene, const Case& what) {
  const auto record = scene.onlyRecord();
  const auto service = scene.service();
  const auto sandbox = service.sandbox(record.sandboxId);
  if (record.status == SandboxStatus::shutdown) {
    CHECK(test::failsWith(sandbox.run("true", {}).get(), Errc::gone));
    if (record.externalSandboxId.empty()) return;
    const auto resumed = sandbox.resume().get();
    REQUIRE(test::ok(resumed));
    INFO((resumed->reason ? describe(*resumed->reason) : ""));
    REQUIRE(resumed->kind == OutcomeKind::resumed);
  } else if (record.status == SandboxStatus::error && what.policy == RecreatePolicy::never) {
    CHECK(test::failsWith(sandbox.run("true", {}).get(), Errc::gone));
    return;
  }
  const auto result = sandbox.run("sh", {"-c", "cat setup.log || echo none"}).get();
  REQUIRE(test::ok(result));
  CHECK(result->exitCode == 0);
  CHECK(result->out.text == (what.setup ? "done\n" : "none\n"));
}

std::vector<RecreatePolicy> policies() {
  return {RecreatePolicy::never, RecreatePolicy::onDemand, RecreatePolicy::always};
}

void healAndEnd(Scene& scene, const Case& what) {
  test::checkRecovers(scene);
  checkUsable(scene, what);
  test::checkEndsClean(scene);
}

}  // namespace

#define CRASH_CAPTURE(what) \
  CAPTURE(toString((what).step), toString((what).policy), (what).setup, (what).ephemeral, (what).before)

TEST_CASE("crash/create: killed at any step, recover() leaves it usable or says why not", "[crash][create]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(
      Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone, Step::createCommitted);
  const auto policy = GENERATE(from_range(policies()));
  const auto setup = GENERATE(false, true);
  const Case what{.verb = "create", .step = step, .policy = policy, .setup = setup};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  test::checkHistories(scene);
  const bool made = step != Step::createIntentCommitted;
  CHECK(scene.world().standing() == (made ? std::vector{found.provisionKey} : std::vector<std::string>()));
  if (step == Step::createCommitted) {
    CHECK(found.status == SandboxStatus::active);
  } else {
    CHECK(found.status == SandboxStatus::creating);
    CHECK(found.leased(scene.now()));
    checkLeftAlone(scene, found);
    scene.expireLeases();
  }
  test::checkRecovers(scene);
  CHECK(scene.onlyRecord().status ==
        (step == Step::createCommitted ? SandboxStatus::active : settled(what, made)));
  checkUsable(scene, what);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/recreate: killed at any step, the old generation goes and the new one stands or is given up",
          "[crash][recreate]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::recreateIntentCommitted,
                             Step::recreateOldDestroyed,
                             Step::recreateProvisioned,
                             Step::recreateSetupDone,
                             Step::recreateCommitted);
  const auto policy = GENERATE(from_range(policies()));
  const auto setup = GENERATE(false, true);
  const Case what{.verb = "recreate", .step = step, .policy = policy, .setup = setup, .before = "create"};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  test::checkHistories(scene);
  CHECK(found.generation == 2);
  const bool made = step != Step::recreateIntentCommitted && step != Step::recreateOldDestroyed;
  CHECK(std::ranges::count(scene.world().standing(), found.provisionKey) == (made ? 1 : 0));
  if (step == Step::recreateCommitted) {
    CHECK(found.status == SandboxStatus::active);
  } else {
    CHECK(found.status == SandboxStatus::recreating);
    CHECK(found.leased(scene.now()));
    checkLeftAlone(scene, found);
    scene.expireLeases();
  }
  test::checkRecovers(scene);
  CHECK(scene.onlyRecord().status ==
        (step == Step::recreateCommitted ? SandboxStatus::active : settled(what, made)));
  checkUsable(scene, what);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/connect: killed at any step of replacing what had vanished", "[crash][recreate]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::recreateIntentCommitted,
                             Step::recreateOldDestroyed,
                             Step::recreateProvisioned,
                             Step::recreateSetupDone,
                             Step::recreateCommitted);
  const auto policy = GENERATE(RecreatePolicy::onDemand, RecreatePolicy::always);
  const auto setup = GENERATE(false, true);
  const Case what{.verb = "run", .step = step, .policy = policy, .setup = setup, .before = "vanish"};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  test::checkHistories(scene);
  CHECK(found.generation == 2);
  CHECK(unfinished(found) == (step != Step::recreateCommitted));
  if (unfinished(found)) {
    checkLeftAlone(scene, found);
    scene.expireLeases();
  }
  healAndEnd(scene, what);
}

TEST_CASE("crash/connect: the next caller takes over what a dead one began, without recover()",
          "[crash][recreate]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::createIntentCommitted, Step::createProvisioned, Step::createSetupDone);
  const auto policy = GENERATE(from_range(policies()));
  const auto setup = GENERATE(false, true);
  const Case what{.verb = "create", .step = step, .policy = policy, .setup = setup};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  scene.expireLeases();
  CHECK(scene.finished({.verb = "run", .subject = found.sandboxId.value}) ==
        std::string("ok 0 recreated ") + (setup ? "done|" : "none|"));
  const auto record = scene.onlyRecord();
  CHECK(record.status == SandboxStatus::active);
  CHECK(scene.world().standing() == std::vector{record.provisionKey});
  CHECK(scene.count(record.sandboxId, EventReason::leaseTakenOver) == 1);
  healAndEnd(scene, what);
}

TEST_CASE("crash/stop: killed at any step, it is stopped or as if nobody had asked", "[crash][stop]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::stopAsked, Step::stopCommitted);
  const auto policy = GENERATE(from_range(policies()));
  const auto ephemeral = GENERATE(false, true);
  const Case what{.verb = "stop", .step = step, .policy = policy, .ephemeral = ephemeral, .before = "create"};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  test::checkHistories(scene);
  CHECK(found.status == (step == Step::stopAsked ? SandboxStatus::active : SandboxStatus::shutdown));
  test::checkRecovers(scene);
  if (!ephemeral) CHECK(scene.onlyRecord().status == found.status);
  if (ephemeral && step == Step::stopCommitted) CHECK(scene.world().standing().empty());
  if (ephemeral && step == Step::stopAsked && policy == RecreatePolicy::never) {
    CHECK(scene.onlyRecord().status == SandboxStatus::shutdown);
  }
  checkUsable(scene, what);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/destroy: killed at any step, nothing of it is left that no record keeps", "[crash][stop]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto step = GENERATE(Step::stopAsked, Step::stopCommitted);
  const auto policy = GENERATE(from_range(policies()));
  const auto setup = GENERATE(false, true);
  const auto before = GENERATE(as<std::string>(), "create", "stop");
  const Case what{.verb = "destroy", .step = step, .policy = policy, .setup = setup, .before = before};
  CRASH_CAPTURE(what);
  Scene scene(provider);

  const auto found = dieAt(scene, what);
  test::checkHistories(scene);
  CHECK(scene.world().standing().empty());
  const bool asIfNobodyAsked = step == Step::stopAsked && before == "create";
  CHECK(found.status == (asIfNobodyAsked ? SandboxStatus::active : SandboxStatus::shutdown));
  test::checkRecovers(scene);
  if (step == Step::stopCommitted) {
    CHECK(scene.onlyRecord().externalSandboxId.empty());
    CHECK(scene.world().standing().empty());
    // The caller who did not get its answer asks again.
    CHECK(scene.finished({.verb = "destroy", .subject = found.sandboxId.value}) == "ok destroyed");
  }
  test::checkEndsClean(scene);
}
