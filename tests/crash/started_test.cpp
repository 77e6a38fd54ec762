// A started command outlives the process that started it.

#include "crash/scene.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <csignal>

using namespace mooring;
using test::Scene;

namespace {

/// A command of a process that has been killed with SIGKILL since.
CommandId startedByTheDead(const Scene& scene, const SandboxId& sandbox) {
  auto child = scene.child({.verb = "start", .subject = sandbox.value});
  const auto said = child.line();
  REQUIRE(said);
  REQUIRE_THAT(*said, Catch::Matchers::StartsWith("started "));
  REQUIRE(child.kill() == 128 + SIGKILL);
  return CommandId(said->substr(std::string("started ").size()));
}

}  // namespace

TEST_CASE("crash/started: another process reads on, feeds it and sees its end", "[crash][started]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  Scene scene(provider);
  const auto service = scene.service();
  const auto sandbox = service.create(scene.config(RecreatePolicy::never, false)).get();
  REQUIRE(test::ok(sandbox));
  const auto command = service.command(startedByTheDead(scene, sandbox->id()));

  const auto before = command.status().get();
  REQUIRE(test::ok(before));
  CHECK(before->status == CommandStatus::running);
  CHECK(before->sandboxId == sandbox->id());

  const auto first = command.follow(Stream::out, 0).get();
  REQUIRE(test::ok(first));
  CHECK(first->bytes == "begun\n");
  CHECK_FALSE(first->ended);
  const auto part = command.output(Stream::out, 3, 2).get();
  REQUIRE(test::ok(part));
  CHECK(part->bytes == "un");
  const auto warned = command.follow(Stream::err, 0).get();
  REQUIRE(test::ok(warned));
  CHECK(warned->bytes == "warned\n");

  REQUIRE(test::ok(command.writeInput("food\n").get()));
  const auto end = command.wait().get();
  REQUIRE(test::ok(end));
  CHECK(end->status == CommandStatus::exited);
  CHECK(end->exitCode == 7);
  CHECK(end->finishedAt);
  const auto rest = command.output(Stream::out, first->nextOffset).get();
  REQUIRE(test::ok(rest));
  CHECK(rest->bytes == "got food\n");
  CHECK(rest->ended);
  test::checkEndsClean(scene);
}

TEST_CASE("crash/started: another process kills it", "[crash][started]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  Scene scene(provider);
  const auto service = scene.service();
  const auto sandbox = service.create(scene.config(RecreatePolicy::never, false)).get();
  REQUIRE(test::ok(sandbox));
  const auto command = service.command(startedByTheDead(scene, sandbox->id()));
  const auto begun = command.follow(Stream::out, 0).get();
  REQUIRE(test::ok(begun));
  CHECK(begun->bytes == "begun\n");

  REQUIRE(test::ok(command.kill(SIGKILL).get()));
  const auto end = command.wait().get();
  REQUIRE(test::ok(end));
  CHECK(end->status == CommandStatus::exited);
  CHECK(end->exitCode == 128 + SIGKILL);
  CHECK(test::ok(command.kill().get()));
  test::checkEndsClean(scene);
}

TEST_CASE("crash/started: a command whose sandbox was replaced is lost, and says so", "[crash][started]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto how = GENERATE(as<std::string>(), "vanish", "recreate");
  CAPTURE(how);
  Scene scene(provider);
  const auto service = scene.service();
  const auto sandbox = service.create(scene.config(RecreatePolicy::onDemand, false)).get();
  REQUIRE(test::ok(sandbox));
  const auto command = service.command(startedByTheDead(scene, sandbox->id()));
  if (how == "vanish") {
    scene.world().vanish(scene.onlyRecord().provisionKey);
    REQUIRE(test::ok(sandbox->run("true", {}).get()));
  } else {
    REQUIRE(test::ok(sandbox->recreate().get()));
  }

  const auto end = command.wait().get();
  REQUIRE(test::ok(end));
  CHECK(end->status == CommandStatus::lost);
  CHECK(test::ok(command.kill().get()));
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}
