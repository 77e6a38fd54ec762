// What a config asks of Sprites: checked, and as the body of POST /v1/sprites. Pure.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites {

/// A config with all that Sprites needs to know decided: the config's wish, then the environment's.
struct Definition {
  std::string name = {};                 ///< Empty: the provision key.
  std::vector<std::string> labels = {};  ///< The caller's own.
  bool waitForCapacity = false;
  UrlAuth urlAuth = UrlAuth::sprite;
  bool deleteOnStop = true;
  boost::json::object networkPolicy = {};  ///< Empty: as Sprites does by default.
};

/// Errors: invalidArgument or unsupported, naming the member.
Result<Definition> define(const SandboxConfig& config, const Defaults& defaults);

/// What Provider::capabilities() says, for sandboxes that this account makes by default.
CapabilityTable capabilitiesWith(const Defaults& defaults);

/// The one port that a sprite's URL leads to.
inline constexpr int urlPort = 8080;

/// Sprites' labels are plain texts; these are ours, each followed by its value.
namespace label {
inline constexpr std::string_view owner = "mooring=";
/// The provision key, where the sprite has another name.
inline constexpr std::string_view key = "mooring-key=";
/// Not yet, or no longer, as its owner wants it: one of the two below.
inline constexpr std::string_view state = "mooring-state=";
inline constexpr std::string_view unfinished = "mooring-state=unfinished";
inline constexpr std::string_view stopped = "mooring-state=stopped";
/// stop() keeps it.
inline constexpr std::string_view keep = "mooring-on-stop=keep";
/// What all of ours begin with.
inline constexpr std::string_view prefix = "mooring";
}  // namespace label

/// The sprite's labels when it is made.
std::vector<std::string> labelsFor(const Definition& definition,
                                   const std::string& provisionKey,
                                   const std::string& ownerTag);

/// The body of the creation.
boost::json::object createBody(const Definition& definition,
                               const std::string& name,
                               const std::vector<std::string>& labels);

}  // namespace mooring::sprites
