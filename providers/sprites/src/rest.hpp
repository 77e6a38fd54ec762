// "Stopped", which Sprites has no word for: a label that says so to whoever looks, and a file in the sprite
// that says so to whoever wants to run something there.
#pragma once

#include <mooring/operation.hpp>

#include "account.hpp"
#include "wire.hpp"

namespace mooring::sprites {

/// Ends all processes of the sprite's user, and lets nothing begin. Then the sprite falls asleep by itself.
/// Fine when it was done before. Cost: two requests at most, one socket.
Task<void> beginRest(AccountPtr account, SpriteView sprite, CallOptions call);

/// Lets commands begin again. Cost: one request, one socket.
Task<void> endRest(AccountPtr account, SpriteView sprite, CallOptions call);

}  // namespace mooring::sprites
