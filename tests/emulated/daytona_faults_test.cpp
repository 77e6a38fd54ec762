// What can happen to Daytona's sandboxes.
#include "daytona_cloud.hpp"
#include "fault_matrix.hpp"

namespace mooring::test {

FaultWorld faultWorld() {
  FaultWorld world;
  world.cloud = [] { return std::make_unique<DaytonaCloud>(); };
  world.troubles = wireTroubles();
  world.troubles.push_back({"stopped", Harm::asleep, disturbing("stopped")});
  world.troubles.push_back({"archived", Harm::asleep, disturbing("archived")});
  world.troubles.push_back({"gone", Harm::lost, disturbing("gone")});
  return world;
}

}  // namespace mooring::test
