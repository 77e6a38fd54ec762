#include "waking.hpp"

#include "errors.hpp"
#include "services.hpp"

#include <algorithm>
#include <ranges>

namespace mooring::sprites::emulated {

using emulation::refused;

namespace {

constexpr const char* home = "/home/sprite";
constexpr const char* user = "sprite";

/// A signal to -1 reaches all processes but the shell that sends it and the sandbox's first one.
constexpr const char* freezeAll = "kill -STOP -1";

/// script(1), which gives programs their terminals, stops itself when it learns that its program was stopped,
/// and that may be after it was continued. So: until none is stopped, twice in a row.
constexpr const char* thawAll = R"sh(
tries=0; calm=0
while [ $calm -lt 2 ] && [ $tries -lt 100 ]; do
  kill -CONT -1
  if grep -qs '^State:.T' /proc/[0-9]*/status; then calm=0; else calm=$((calm + 1)); fi
  tries=$((tries + 1)); sleep 0.005
done
)sh";

Task<void> runScript(SpritePtr sprite, const char* script) {
  CommandSpec command;
  command.program = "/bin/sh";
  command.args = {"-c", script};
  auto done = co_await sprite->machine->runCaptured(std::move(command));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

void arm(const WorldPtr& world, const SpritePtr& sprite);

void become(const WorldPtr& world, const SpritePtr& sprite, Status status) {
  sprite->sleep.become(status, world->now());
  if (status == Status::running) sprite->lastRunningAt = world->now();
  if (status == Status::warm) sprite->lastWarmingAt = world->now();
  if (!sprite->removed) world->tell(*sprite);
  arm(world, sprite);
}

void arm(const WorldPtr& world, const SpritePtr& sprite) {
  const auto due = sprite->sleep.due();
  sprite->nap.cancel();
  if (!due || sprite->removed) return;
  const auto left = std::max(*due - world->now(), std::chrono::milliseconds(0));
  sprite->nap.expires_after(left);
  // Neither holds the other: the timer dies with its sprite.
  sprite->nap.async_wait(
      [weakWorld = std::weak_ptr(world), weakSprite = std::weak_ptr(sprite)](auto problem) {
        const auto ours = weakWorld.lock();
        const auto its = weakSprite.lock();
        if (!problem && ours && its) ours->background->begin<void>(settle(ours, its));
      });
}

std::size_t awake(const World& world, const std::string& organization) {
  return static_cast<std::size_t>(
      std::ranges::count_if(world.sprites | std::views::values, [&](const auto& sprite) {
        return sprite->organization == organization && sprite->sleep.status() == Status::running;
      }));
}

Task<void> boot(WorldPtr world, SpritePtr sprite) {
  if (sprite->machine) co_return co_await sprite->machine->start();
  emulation::MachineSpec spec;
  spec.name = sprite->id;
  spec.home = home;
  spec.user = user;
  auto made = co_await world->stage.machines->make(std::move(spec));
  if (!made) co_return std::unexpected(std::move(made).error());
  sprite->machine = std::move(*made);
  co_return Result<void>();
}

/// Ends `sprite->changing`, whatever became of `work`.
Task<void> change(SpritePtr sprite, Task<void> work) {
  auto done = co_await std::move(work);
  sprite->changing.reset();
  co_return done;
}

Task<void> wakeUp(WorldPtr world, SpritePtr sprite) {
  const bool frozen = sprite->sleep.status() == Status::warm;
  auto waking = frozen ? runScript(sprite, thawAll) : boot(world, sprite);
  auto woken = co_await std::move(waking);
  if (!woken) co_return woken;
  if (world->knobs.wake.count() > 0) co_await emulation::sleepFor(world->knobs.wake);
  become(world, sprite, Status::running);
  if (!frozen) startServices(world, sprite);
  co_return Result<void>();
}

Task<void> fallAsleep(WorldPtr world, SpritePtr sprite, Status status) {
  dropConnections(*sprite);
  Result<void> done;
  if (status == Status::warm && sprite->machine) {
    done = co_await runScript(sprite, freezeAll);
  } else if (sprite->machine) {
    done = co_await sprite->machine->stop();
  }
  become(world, sprite, status);
  co_return done;
}

Task<void> startAnew(WorldPtr world, SpritePtr sprite) {
  Result<void> done;
  if (sprite->machine) done = co_await sprite->machine->stop();
  if (done) done = co_await boot(world, sprite);
  if (!done) co_return done;
  become(world, sprite, Status::running);
  startServices(world, sprite);
  co_return done;
}

/// Until nothing else changes it.
Task<void> untilSteady(SpritePtr sprite) {
  while (const auto changing = sprite->changing) {
    auto changed = co_await changing->result();
    if (!changed && changed.error().code == Errc::cancelled) co_return changed;
  }
  co_return Result<void>();
}

Task<void> backAfter(WorldPtr world, SpritePtr sprite, Task<void> work) {
  Result<void> done;
  if (sprite->machine) done = co_await sprite->machine->stop();
  auto worked = co_await std::move(work);
  if (done) done = std::move(worked);
  sprite->away = false;
  if (!done) {
    become(world, sprite, Status::cold);
    co_return done;
  }
  become(world, sprite, Status::running);
  startServices(world, sprite);
  co_return done;
}

Task<void> demolish(WorldPtr world, SpritePtr sprite) {
  dropConnections(*sprite);
  sprite->nap.cancel();
  auto done = co_await world->addresses.remove(sprite->id);
  if (sprite->machine) done = co_await world->stage.machines->destroy(sprite->machine);
  world->stage.ledger->destroyed(sprite->id);
  co_return done;
}

}  // namespace

Hold::Hold(WorldPtr world, SpritePtr sprite) : world_(std::move(world)), sprite_(std::move(sprite)) {
  sprite_->sleep.hold();
  sprite_->nap.cancel();
}

Hold::~Hold() {
  sprite_->sleep.release(world_->now());
  arm(world_, sprite_);
}

Task<HoldPtr> enter(WorldPtr world, SpritePtr sprite) {
  auto hold = std::make_shared<Hold>(world, sprite);
  while (true) {
    if (sprite->removed) co_return refused(404, std::string(noSprite));
    if (sprite->away) co_return refused(502, "the sprite is restarting");
    const auto changing = sprite->changing;
    if (!changing && sprite->sleep.status() == Status::running) co_return hold;
    if (changing) {
      auto changed = co_await changing->result();
      if (!changed) co_return std::unexpected(std::move(changed).error());
      continue;
    }
    const auto most = static_cast<std::size_t>(world->knobs.mostActive);
    if (most > 0 && awake(*world, sprite->organization) >= most)
      co_return limited("concurrent_sprite_limit_exceeded");
    sprite->changing = world->background->begin<void>(change(sprite, wakeUp(world, sprite)));
  }
}

void dropConnections(Sprite& sprite) {
  const auto all = sprite.connections;
  for (auto* exchange : all)
    exchange->cut();
}

Task<void> pause(WorldPtr world, SpritePtr sprite, Status status) {
  auto steady = co_await untilSteady(sprite);
  if (!steady || sprite->removed || sprite->sleep.status() == status) co_return steady;
  // What has no memory has nothing to keep warm.
  if (sprite->sleep.status() == Status::cold) co_return Result<void>();
  auto falling = world->background->begin<void>(change(sprite, fallAsleep(world, sprite, status)));
  sprite->changing = falling;
  co_return co_await falling->result();
}

Task<void> settle(WorldPtr world, SpritePtr sprite) {
  auto steady = co_await untilSteady(sprite);
  if (!steady) co_return steady;
  while (const auto next = sprite->sleep.next(world->now())) {
    auto paused = co_await pause(world, sprite, *next);
    if (!paused) co_return paused;
  }
  arm(world, sprite);
  co_return Result<void>();
}

Task<void> restart(WorldPtr world, SpritePtr sprite) {
  auto steady = co_await untilSteady(sprite);
  if (!steady) co_return steady;
  dropConnections(*sprite);
  auto starting = world->background->begin<void>(change(sprite, startAnew(world, sprite)));
  sprite->changing = starting;
  co_return co_await starting->result();
}

Task<void> whileAway(WorldPtr world, SpritePtr sprite, Task<void> work) {
  auto steady = co_await untilSteady(sprite);
  if (!steady) co_return steady;
  sprite->away = true;
  dropConnections(*sprite);
  auto moving = world->background->begin<void>(change(sprite, backAfter(world, sprite, std::move(work))));
  sprite->changing = moving;
  co_return co_await moving->result();
}

Task<void> remove(WorldPtr world, SpritePtr sprite) {
  world->forget(sprite);
  auto steady = co_await untilSteady(sprite);
  if (!steady) co_return steady;
  auto removing = world->background->begin<void>(demolish(world, sprite));
  co_return co_await removing->result();
}

}  // namespace mooring::sprites::emulated
