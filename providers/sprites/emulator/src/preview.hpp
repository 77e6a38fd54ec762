// A sprite's own address on the web.
#pragma once

#include <mooring/emulation/exchange.hpp>

#include <memory>
#include <string>

namespace mooring::sprites::emulated {

class World;

/// Hands a request for the address of the sprite `id` on to its web port, if the caller may.
Task<void> serveUrl(std::shared_ptr<World> world, std::string id, emulation::ExchangePtr exchange);

}  // namespace mooring::sprites::emulated
