// Vercel's snapshots, which checkpoints are made of.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "wire.hpp"

#include <string>
#include <vector>

namespace mooring::vercel {

/// Those that somebody asked for and that can be used, oldest first.
Task<std::vector<SnapshotView>> snapshotsOf(AccountPtr account, std::string name, CallOptions call);

/// Errors: notFound.
Task<SnapshotView> snapshotOf(AccountPtr account, CheckpointId id, CallOptions call);

/// Errors: notFound. Fine when an attempt whose answer was lost has deleted it.
Task<void> deleteSnapshot(AccountPtr account, CheckpointId id, CallOptions call);

/// Takes one of the session that runs, which ends it. A session has one at most: where the answer is lost,
/// what became of the session tells whether there is one. Errors: outcomeUnknown (that could not be settled).
Task<SnapshotView> takeSnapshot(AccountPtr account, Instance instance, CallOptions call);

}  // namespace mooring::vercel
