// All that one emulated cloud holds, and how it is found.
#pragma once

#include <mooring/emulation/emulator.hpp>
#include <mooring/emulation/proxy.hpp>

#include "knobs.hpp"
#include "state.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::sprites::emulated {

/// Threads: the stage's loop.
class World : public std::enable_shared_from_this<World> {
 public:
  World(emulation::Stage stage, Knobs knobs);

  emulation::Stage stage;
  Knobs knobs;
  emulation::BackgroundPtr background;
  emulation::PreviewAddresses addresses;                             ///< By a sprite's id.
  std::map<std::pair<std::string, std::string>, SpritePtr> sprites;  ///< By organization and name.

  [[nodiscard]] Timestamp now() const { return stage.clock->now(); }

  /// One that a client looks for by its name: not those that are still hidden, or taken away. Errors: 404.
  Result<SpritePtr> find(const std::string& organization, const std::string& name);
  [[nodiscard]] SpritePtr byId(const std::string& id) const;
  /// By name. `stale`: as it was before the last one came or went.
  [[nodiscard]] std::vector<SpritePtr> all(const std::string& organization, bool stale = false) const;

  /// Errors: 409 or 400 (the name is taken, or was until just now).
  Result<SpritePtr> add(const std::string& organization, const std::string& name);
  void forget(const SpritePtr& sprite);

  /// Who watches the list hears of every change of a sprite.
  using Listener = std::function<void(const Sprite&)>;
  [[nodiscard]] std::shared_ptr<Listener> listen(Listener listener);
  void tell(const Sprite& sprite);

 private:
  void remember();

  std::map<std::pair<std::string, std::string>, std::int64_t> teardowns_;
  std::vector<SpritePtr> formerSprites_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

using WorldPtr = std::shared_ptr<World>;

}  // namespace mooring::sprites::emulated
