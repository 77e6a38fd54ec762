// Local ports that lead into a sandbox.
#pragma once

#include "core.hpp"

namespace mooring::detail {

/// Sandbox::forward(): ends when it is cancelled.
Task<void> forwardPort(CorePtr core, SandboxId id, int port, ForwardOptions options);

}  // namespace mooring::detail
