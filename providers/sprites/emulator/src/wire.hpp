// The service's JSON.
#pragma once

#include "world.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace mooring::sprites::emulated {

inline constexpr const char* runtimeVersion = "0.0.1-rc48";

boost::json::object spriteJson(const Sprite& sprite);
/// As lists show it.
boost::json::object entryJson(const Sprite& sprite);
/// How many are in which state: {"name","running","warm","cold","running_limit","warm_limit"}.
boost::json::object countsJson(const World& world, const std::string& organization);

}  // namespace mooring::sprites::emulated
