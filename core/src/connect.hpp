// From a sandboxId to something that can run commands.
#pragma once

#include "core.hpp"

namespace mooring::detail {

/// Sandbox::connect.
Task<ConnectionOutcome> connectSandbox(CorePtr core, SandboxId id, CallOptions call);

/// Sandbox::resume.
Task<ConnectionOutcome> resumeSandbox(CorePtr core, SandboxId id, CallOptions call);

/// Sandbox::recreate.
Task<SandboxRecord> recreateSandbox(CorePtr core, SandboxId id, CallOptions call);

/// Waits until whoever holds the lease on this record has let go of it or lost it. Returns the record then.
Task<SandboxRecord> waitForLease(CorePtr core, SandboxRecord record);

}  // namespace mooring::detail
