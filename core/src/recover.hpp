// Recovery: looking, deciding (plan() in mooring/recovery.hpp), and carrying out.
#pragma once

#include "core.hpp"

#include <vector>

namespace mooring::detail {

/// SandboxService::plan. What could not be looked at is logged, and nothing is concluded from it.
///
/// Cost: one listing of each provider that any record or debt names (and of the default one, if it is
/// configured), one exact look-up of each unfinished record and of each active record that is not onDemand
/// and was not listed. The records that are active are all read once; those that ended are not.
Task<std::vector<RecoveryStep>> planRecovery(CorePtr core, CallOptions call);

/// SandboxService::recover. The report holds the steps that took effect; one that somebody else made
/// unnecessary is left out. Any number of processes may do this at the same time.
Task<RecoveryReport> recoverAll(CorePtr core, CallOptions call);

/// Whether `seen` is what stands behind `record` now. False when the record says that nothing is left of it.
bool ownsSighting(const SandboxRecord& record, const Sighting& seen);

/// Whether the debt is about what stands behind `record` now, and that is in use or about to be.
bool inUseAgain(const SandboxRecord& record, const Debt& debt);

}  // namespace mooring::detail
