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
  // A cold or restarted one has lost its /tmp here, as it may not have in the cloud: nothing is said of that.
  for (const char* state : {"warm", "dropped"})
    world.troubles.push_back({state, Harm::none, disturbing(state)});
  world.troubles.push_back({"gone", Harm::lost, disturbing("gone")});
  return world;
}

}  // namespace mooring::test
