// What can happen to sprites, beside what happens everywhere.
#include "fault_matrix.hpp"
#include "sprites_cloud.hpp"

namespace mooring::test {

FaultWorld faultWorld() {
  FaultWorld world;
  world.cloud = [] { return std::make_unique<SpritesCloud>(); };
  world.troubles = wireTroubles();
  // The limits that Sprites usually tells of last half a minute each.
  for (auto& trouble : world.troubles) {
    if (trouble.fault.status == 429)
      trouble.fault.body = R"({"error":"sprite_creation_rate_limited","message":"slow down"})";
  }
  // Whatever is asked of one that sleeps wakes it: nothing is to be noticed.
  for (const char* state : {"warm", "dropped"})
    world.troubles.push_back({state, Harm::none, disturbing(state)});
  for (const char* state : {"cold", "restarted"})
    world.troubles.push_back({state, Harm::rebooted, disturbing(state)});
  world.troubles.push_back({"gone", Harm::lost, disturbing("gone")});
  return world;
}

TEST_CASE("faults: what a started command printed outlives its sprite's rest", "[emulated]") {
  SpritesCloud cloud;
  const auto sandbox = cloud.create();
  auto command = shell("echo printed; exit 3");
  command.timeouts = Timeouts();
  const auto started = sandbox.start(command).get();
  REQUIRE(ok(started));
  const auto ended = started->wait().get();
  REQUIRE(ok(ended));
  CHECK(ended->exitCode == 3);
  for (const char* state : {"warm", "cold", "restarted"}) {
    INFO(state);
    REQUIRE(ok(cloud.faults().add(disturbing(state))));
    const auto printed = started->output(Stream::out).get();
    REQUIRE(ok(printed));
    CHECK(printed->bytes == "printed\n");
    CHECK(printed->ended);
  }
}

TEST_CASE("faults: a started command of another boot is lost, whoever has its number now", "[emulated]") {
  SpritesCloud cloud;
  const auto sandbox = cloud.create();
  auto command = shell("exec sleep 98765");
  command.timeouts = Timeouts();
  const auto started = sandbox.start(command).get();
  REQUIRE(ok(started));
  // A number and a time of birth that are right again: only the boot, the last word of the journal's line,
  // tells.
  const auto noted = "/var/tmp/.mooring/" + started->id().value + "/pid";
  REQUIRE(ok(sandbox.run(shell("sed -i 's/[^ ]*$/another-boot/' " + noted)).get()));
  const auto status = started->status().get();
  REQUIRE(ok(status));
  CHECK(toString(status->status) == "lost");
}

}  // namespace mooring::test
