/// Options of the Sprites provider: persistent machines at https://sprites.dev. What the common SandboxConfig
/// covers (env, labels, network, ports) is said there. See providers/sprites/README.md.
#pragma once

#include <mooring/registry.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::sprites {

/// Who may ask for a sprite's URL.
enum class UrlAuth {
  sprite,  ///< Members of the organization, and whoever shows an API token.
  open,    ///< Everybody. JSON: "public".
};

/// For setOptions(config, sprites::Options{…}).
struct Options {
  static constexpr std::string_view provider = "sprites";

  /// The sprite's name, unique in the organization: lower-case letters, digits and '-', at most 53. Empty:
  /// the provision key. A name is one sandbox's at a time.
  std::string name = {};
  /// Wait for a free place instead of failing with quotaExceeded.
  bool waitForCapacity = false;
  UrlAuth urlAuth = UrlAuth::sprite;  ///< "urlSettings": {"auth": …}.
  /// stop() deletes the sprite. Otherwise it ends its processes and lets it sleep, and its disk is billed.
  /// Unset: by SANDBOX_SPRITES_DELETE_ON_STOP, else on.
  std::optional<bool> deleteOnStop = {};
  /// Labels as Sprites has them: plain texts. SandboxConfig::labels become "name=value" beside them.
  std::vector<std::string> labels = {};
};

/// Members as named above, or as quoted there; what is at its default is left out.
boost::json::object toJson(const Options& options);

/// Settings: see providers/sprites/README.md. Needed is a token: SPRITES_API_TOKEN, SPRITE_TOKEN or
/// SPRITES_TOKEN.
void registerProvider(ProviderRegistry& registry);

}  // namespace mooring::sprites

template <>
struct mooring::detail::EnumText<mooring::sprites::UrlAuth> {
  static constexpr std::array entries{
      std::pair{mooring::sprites::UrlAuth::sprite, std::string_view("sprite")},
      std::pair{mooring::sprites::UrlAuth::open, std::string_view("public")},
  };
};
