// Recovery: looking, deciding (plan() in mooring/recovery.hpp), and carrying out.
#pragma once

#include "core.hpp"

#include <vector>

namespace mooring::detail {

/// SandboxService::plan.
Task<std::vector<RecoveryStep>> planRecovery(CorePtr core, CallOptions call);

/// SandboxService::recover.
Task<RecoveryReport> recoverAll(CorePtr core, CallOptions call);

}  // namespace mooring::detail
