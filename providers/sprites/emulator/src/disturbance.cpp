#include "disturbance.hpp"

#include "waking.hpp"

namespace mooring::sprites::emulated {

Task<void> put(WorldPtr world, SpritePtr sprite, std::string state) {
  if (state == "warm") co_return co_await pause(world, sprite, Status::warm);
  if (state == "cold") co_return co_await pause(world, sprite, Status::cold);
  if (state == "restarted") co_return co_await restart(world, sprite);
  if (state == "gone") co_return co_await remove(world, sprite);
  if (state == "dropped") {
    dropConnections(*sprite);
    co_return Result<void>();
  }
  co_return emulation::refused(
      400, "the sprites emulator knows these states: warm, cold, dropped, restarted, gone; not " + state);
}

}  // namespace mooring::sprites::emulated
