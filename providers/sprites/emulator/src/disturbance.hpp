// What happens to a sprite behind a client's back.
#pragma once

#include "world.hpp"

#include <string>

namespace mooring::sprites::emulated {

/// See Emulator::put(). Errors: invalidArgument (a state it does not know).
Task<void> put(WorldPtr world, SpritePtr sprite, std::string state);

}  // namespace mooring::sprites::emulated
