#include "world.hpp"

#include "errors.hpp"
#include "preview.hpp"

#include <algorithm>
#include <ranges>

namespace mooring::sprites::emulated {

using emulation::refused;

World::World(emulation::Stage theStage, Knobs theKnobs)
    : stage(std::move(theStage)),
      knobs(std::move(theKnobs)),
      background(std::make_shared<emulation::Background>(stage.loop)),
      addresses(stage.loop, [this](std::string id, emulation::ExchangePtr exchange) {
        return serveUrl(shared_from_this(), std::move(id), std::move(exchange));
      }) {}

Result<SpritePtr> World::find(const std::string& organization, const std::string& name) {
  const auto found = sprites.find({organization, name});
  if (found == sprites.end()) return refused(404, std::string(noSprite));
  if (found->second->hiddenLooks > 0) {
    --found->second->hiddenLooks;
    return refused(404, std::string(noSprite));
  }
  return found->second;
}

SpritePtr World::byId(const std::string& id) const {
  for (const auto& sprite : sprites | std::views::values) {
    if (sprite->id == id) return sprite;
  }
  return nullptr;
}

std::vector<SpritePtr> World::all(const std::string& organization, bool stale) const {
  std::vector<SpritePtr> found;
  const auto take = [&](const SpritePtr& sprite) {
    if (sprite->organization == organization && sprite->hiddenLooks == 0) found.push_back(sprite);
  };
  if (stale) {
    std::ranges::for_each(formerSprites_, take);
  } else {
    std::ranges::for_each(sprites | std::views::values, take);
  }
  return found;
}

Result<SpritePtr> World::add(const std::string& organization, const std::string& name) {
  auto& torn = teardowns_[{organization, name}];
  const bool tearing = torn > 0;
  if (tearing) --torn;
  if (tearing || sprites.contains({organization, name})) {
    return refused(static_cast<int>(knobs.conflictStatus), "sprite \"" + name + "\" already exists");
  }
  remember();
  auto sprite = std::make_shared<Sprite>(stage.loop, Sleep(knobs.idle, knobs.chill));
  sprite->id = "sprite-" + stage.ids->uuid();
  sprite->name = name;
  sprite->organization = organization;
  sprite->createdAt = sprite->updatedAt = now();
  sprite->hiddenLooks = knobs.hiddenLooks;
  auto address = addresses.addressOf(sprite->id);
  if (!address) return std::unexpected(std::move(address).error());
  sprite->url = std::move(*address);
  sprites[sprite->key()] = sprite;
  stage.ledger->created(sprite->id);
  return sprite;
}

void World::forget(const SpritePtr& sprite) {
  remember();
  sprite->removed = true;
  const auto found = sprites.find(sprite->key());
  if (found == sprites.end() || found->second != sprite) return;
  sprites.erase(found);
  teardowns_[sprite->key()] = knobs.teardownCreates;
}

void World::remember() {
  formerSprites_.clear();
  for (const auto& sprite : sprites | std::views::values)
    formerSprites_.push_back(sprite);
}

std::shared_ptr<World::Listener> World::listen(Listener listener) {
  auto held = std::make_shared<Listener>(std::move(listener));
  listeners_.push_back(held);
  return held;
}

void World::tell(const Sprite& sprite) {
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  const auto all = listeners_;  // A listener may bring another one.
  for (const auto& listener : all) {
    if (const auto held = listener.lock()) (*held)(sprite);
  }
}

}  // namespace mooring::sprites::emulated
