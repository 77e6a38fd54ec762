// A command begins, and is watched to its end.
#pragma once

#include "requests.hpp"
#include "world.hpp"

namespace mooring::vercel::emulated {

/// Errors: 400 executable_not_found, 400 (a directory that is not there). To be begun in the background.
Task<CommandRunPtr> startCommand(WorldPtr world, SessionPtr session, CommandRequest request);

}  // namespace mooring::vercel::emulated
