// What a sandbox serves on its ports.
#pragma once

#include <mooring/emulation/exchange.hpp>

#include "state.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mooring::vercel::emulated {

class World;

/// Routes for exactly `ports`; those that are there already keep their addresses. Errors: unavailable.
Result<void> setRoutes(World& world, Sandbox& sandbox, const std::vector<int>& ports);

/// The edge: passes a request on to the sandbox behind a subdomain, or answers with its own error page.
Task<void> servePreview(std::shared_ptr<World> world, std::string subdomain, emulation::ExchangePtr exchange);

}  // namespace mooring::vercel::emulated
