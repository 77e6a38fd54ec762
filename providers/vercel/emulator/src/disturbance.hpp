// What happens behind a client's back.
#pragma once

#include "world.hpp"

namespace mooring::vercel::emulated {

/// The sandbox that a request is about, by its name or its session; null when there is none.
SandboxPtr sandboxOf(const World& world, const emulation::Request& request);

/// Errors: invalidArgument (an unknown state).
Task<void> put(WorldPtr world, SandboxPtr sandbox, std::string state);

/// Until nothing runs any more.
Task<void> endAll(WorldPtr world);

}  // namespace mooring::vercel::emulated
