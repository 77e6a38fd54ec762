// Sprites asleep and awake: who needs one wakes it and holds it.
#pragma once

#include "world.hpp"

#include <memory>
#include <string>

namespace mooring::sprites::emulated {

/// While somebody has one, the sprite does not fall asleep by itself.
class Hold {
 public:
  Hold(WorldPtr world, SpritePtr sprite);
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  WorldPtr world_;
  SpritePtr sprite_;
};

using HoldPtr = std::shared_ptr<Hold>;

/// Wakes it if it sleeps. Errors: 404 (removed meanwhile), 429 (too many are awake), 502 (it restarts).
Task<HoldPtr> enter(WorldPtr world, SpritePtr sprite);

/// A connection that breaks when its sprite pauses. Lifetime: while its handler works.
class Connected {
 public:
  Connected(SpritePtr sprite, emulation::Exchange& exchange)
      : sprite_(std::move(sprite)), exchange_(exchange) {
    sprite_->connections.insert(&exchange_);
  }
  ~Connected() { sprite_->connections.erase(&exchange_); }
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;

 private:
  SpritePtr sprite_;
  emulation::Exchange& exchange_;
};

void dropConnections(Sprite& sprite);

/// Falls asleep that far, whatever it does. Waking and the like are waited for first.
Task<void> pause(WorldPtr world, SpritePtr sprite, Status status);
/// Falls asleep as far as is due by the clock.
Task<void> settle(WorldPtr world, SpritePtr sprite);
/// Its machine anew, with the files of its home. Errors: those of the machine.
Task<void> restart(WorldPtr world, SpritePtr sprite);
/// Runs `work` while the edge answers 502 for it; all its processes have ended and its connections are
/// broken.
Task<void> whileAway(WorldPtr world, SpritePtr sprite, Task<void> work);
/// It is gone, with all it holds.
Task<void> remove(WorldPtr world, SpritePtr sprite);

}  // namespace mooring::sprites::emulated
