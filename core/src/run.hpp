// Sandbox::run.
#pragma once

#include "core.hpp"

namespace mooring::detail {

Task<CommandResult> runCommand(CorePtr core, SandboxId id, Command command, CallOptions call);

}  // namespace mooring::detail
