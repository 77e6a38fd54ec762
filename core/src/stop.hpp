// Ending a sandbox. Always ends: what the provider does not confirm is a debt.
#pragma once

#include "core.hpp"

namespace mooring::detail {

/// Sandbox::stop and Sandbox::destroy. An ephemeral sandbox is destroyed by either.
Task<SandboxRecord> endSandbox(CorePtr core, SandboxId id, DebtKind how, CallOptions call);

}  // namespace mooring::detail
