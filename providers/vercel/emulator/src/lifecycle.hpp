// Sessions begin and end.
#pragma once

#include "requests.hpp"
#include "world.hpp"

#include <optional>

namespace mooring::vercel::emulated {

/// What a session's files come from.
struct Origin {
  SnapshotPtr snapshot = {};
  std::optional<Source> source = {};
};

enum class Ending {
  stop,      ///< As asked, or at its time; a persistent one leaves a snapshot.
  snapshot,  ///< For a snapshot that somebody asked for.
  discard,   ///< Its sandbox is being deleted.
  fail,
  abort,
};

/// A session that is not running yet, put at the end of `sandbox`'s. Errors: those of drives; 429 (too many).
Result<SessionPtr> announceSession(const WorldPtr& world, const SandboxPtr& sandbox);

/// Makes its machine and fills it; then it runs. On failure it has failed. To be awaited in the background.
Task<SessionPtr> beginSession(WorldPtr world, SessionPtr session, Origin origin);

/// Ends a running session: its status changes at once, the rest happens in the background. `life`: how long
/// the snapshot is kept, if it was said.
std::shared_ptr<emulation::Pending<void>> endSession(const WorldPtr& world,
                                                     const SessionPtr& session,
                                                     Ending ending,
                                                     std::optional<Millis> life);

/// Until it runs or has ended.
Task<void> awaitSteady(SessionPtr session);

/// Ends it, or awaits the end that has begun already.
Task<void> settle(WorldPtr world, SessionPtr session, Ending ending, std::optional<Millis> life);

/// The running session of a sandbox, made from its last snapshot where there is none. `resumed` tells whether
/// it was. Errors: 400 or 410 snapshot_not_found.
Task<bool> wake(WorldPtr world, SandboxPtr sandbox);

/// Takes the sandbox off the books at once, then ends its session without a snapshot. To be begun in the
/// background.
Task<void> deleteSandbox(WorldPtr world, SandboxPtr sandbox);

/// Ends it when its time has come.
void armExpiry(const WorldPtr& world, const SessionPtr& session);

/// A snapshot that can be started from. Errors: 404, 410.
Result<SnapshotPtr> usableSnapshot(const World& world, const std::string& team, const std::string& id);

/// Marks a snapshot as deleted and drops its files.
void deleteSnapshot(World& world, Snapshot& snapshot);

/// Tells the sandbox that its current session changed.
void touch(const World& world, Session& session, Status status);

}  // namespace mooring::vercel::emulated
