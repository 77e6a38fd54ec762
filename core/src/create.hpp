// SandboxService::create.
#pragma once

#include "core.hpp"

namespace mooring::detail {

Task<SandboxId> createSandbox(CorePtr core, SandboxConfig config, CallOptions call);

}  // namespace mooring::detail
