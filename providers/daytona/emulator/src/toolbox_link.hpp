// Where the control plane meets what runs inside the sandboxes.
#pragma once

#include <mooring/emulation/router.hpp>

#include "world.hpp"

namespace mooring::daytona::emulator {

/// All routes below /toolbox/{sandboxId}; they find their sandbox by World::reach().
void addToolbox(emulation::Router& router, World& world);

/// A daemon for a machine that has just started.
std::shared_ptr<Daemon> bootDaemon(const World& world, const Sandbox& sandbox);
/// Its machine is about to stop.
void endDaemon(Daemon& daemon);

/// The daemon's (or its proxy's) own shape for `error`.
emulation::Reply toolboxError(const emulation::Request& request, const Error& error, Timestamp now);

}  // namespace mooring::daytona::emulator
