// Replaying a config's setup on a fresh instance.
#pragma once

#include "core.hpp"

namespace mooring::detail {

/// Runs all steps in order. Errors: setupFailed naming the step, or the provider's.
Task<void> runSetup(CorePtr core,
                    std::shared_ptr<Provider> provider,
                    Instance instance,
                    SandboxConfig config,
                    CallOptions call);

}  // namespace mooring::detail
