#include "lifecycle.hpp"

#include "errors.hpp"
#include "saved_files.hpp"
#include "source.hpp"

#include <algorithm>
#include <ranges>

namespace mooring::vercel::emulated {

using emulation::refused;

namespace {

constexpr const char* imageHome = "/vercel";
constexpr const char* runtimeHome = "/vercel/sandbox";
constexpr Millis usualSnapshotLife = 30 * dayMs;

Result<void> lendDrives(World& world, Session& session) {
  for (const auto& [path, mount] : session.settings.mounts) {
    auto drive = world.drive(session.scope, mount.drive);
    if (!drive) return std::unexpected(std::move(drive).error());
    if ((*drive)->region != session.settings.region) {
      return refusedAs(409, "drive_region_mismatch", "Drive '" + mount.drive + "' is in another region.");
    }
    const bool writes = mount.mode == MountMode::readWrite;
    if (writes && !(*drive)->writer.empty()) {
      return refused(409, "Drive '" + mount.drive + "' is already mounted for writing.");
    }
    if (!writes && !(*drive)->written) {
      return refusedAs(
          409, "drive_not_initialized", "Drive '" + mount.drive + "' has never been written to.");
    }
  }
  for (const auto& [path, mount] : session.settings.mounts) {
    auto drive = world.drive(session.scope, mount.drive);
    if (!drive || mount.mode != MountMode::readWrite) continue;
    (*drive)->writer = session.id;
    (*drive)->written = true;
  }
  return {};
}

void returnDrives(World& world, const Session& session) {
  for (auto& [key, drive] : world.drives) {
    if (drive->writer == session.id) drive->writer.clear();
  }
}

emulation::MachineSpec specFor(const World& world, const Session& session) {
  emulation::MachineSpec spec;
  spec.name = session.id;
  spec.home = session.cwd;
  spec.user = session.settings.runtime.empty() ? "ubuntu" : "vercel-sandbox";
  spec.networkBlocked = session.settings.networkPolicy && session.settings.networkPolicy->deniesAll;
  for (const auto& [path, mount] : session.settings.mounts) {
    const auto drive = world.drive(session.scope, mount.drive);
    if (!drive) continue;
    VolumeMount volume;
    volume.name = (*drive)->id;
    volume.mountPath = path;
    volume.readOnly = mount.mode == MountMode::snapshot;
    spec.volumes.push_back(std::move(volume));
  }
  return spec;
}

Task<void> fill(WorldPtr world, SessionPtr session, Origin origin) {
  if (origin.snapshot) {
    auto restored = co_await restoreFiles(session->machine, world->archives.file(origin.snapshot->id));
    if (!restored) co_return restored;
    origin.snapshot->lastUsedAt = world->now();
  }
  if (origin.source) co_return co_await fetchSource(session->machine, *origin.source);
  co_return Result<void>();
}

Task<void> equip(WorldPtr world, SessionPtr session, Origin origin) {
  auto machine = co_await world->stage.machines->make(specFor(*world, *session));
  if (!machine) co_return std::unexpected(std::move(machine).error());
  session->machine = std::move(*machine);
  auto filled = co_await fill(world, session, std::move(origin));
  if (filled) co_return filled;
  co_await world->stage.machines->destroy(session->machine);
  co_return filled;
}

SnapshotPtr newSnapshot(World& world, const Session& session, Ending ending, std::optional<Millis> life) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->id = world.newSnapshotId();
  snapshot->scope = session.scope;
  snapshot->sandboxName = session.sandboxName;
  snapshot->sourceSessionId = session.id;
  snapshot->parentId = session.sourceSnapshotId;
  snapshot->region = session.settings.region;
  snapshot->automatic = ending == Ending::stop;
  snapshot->createdAt = world.now();
  snapshot->updatedAt = snapshot->createdAt;
  snapshot->lastUsedAt = snapshot->createdAt;
  snapshot->lifetime = life.value_or(session.settings.snapshotExpiration.value_or(usualSnapshotLife));
  snapshot->home = session.cwd;
  return snapshot;
}

/// Only so many snapshots of a sandbox are kept.
void evict(World& world, const Sandbox& sandbox) {
  const auto& keep = sandbox.settings.keepLast;
  if (!keep) return;
  std::vector<SnapshotPtr> all;
  for (const auto& [id, snapshot] : world.snapshots) {
    const bool its = snapshot->scope == sandbox.scope && snapshot->sandboxName == sandbox.name;
    if (its && snapshot->status == "created") all.push_back(snapshot);
  }
  std::ranges::sort(all, std::ranges::greater(), &Snapshot::createdAt);
  for (const auto& snapshot : all | std::views::drop(keep->count)) {
    if (keep->deleteEvicted.value_or(true)) {
      deleteSnapshot(world, *snapshot);
    } else if (keep->expiration) {
      snapshot->lifetime = *keep->expiration;
    }
  }
}

Task<void> save(WorldPtr world, SessionPtr session, Ending ending, std::optional<Millis> life) {
  touch(*world, *session, Status::snapshotting);
  session->snapshottedAt = world->now();
  auto snapshot = newSnapshot(*world, *session, ending, life);
  auto size = co_await saveFiles(session->machine, world->archives.file(snapshot->id));
  if (!size) co_return std::unexpected(std::move(size).error());
  snapshot->sizeBytes = *size;
  world->snapshots[snapshot->id] = snapshot;
  session->lastSnapshot = snapshot;
  if (const auto sandbox = session->sandbox.lock(); sandbox && sandbox->settings.persistent) {
    sandbox->currentSnapshotId = snapshot->id;
    evict(*world, *sandbox);
  }
  co_return Result<void>();
}

Status lastStatus(Ending ending, bool broken) {
  if (ending == Ending::abort) return Status::aborted;
  return ending == Ending::fail || broken ? Status::failed : Status::stopped;
}

/// Whatever goes wrong: in the end it has ended.
Task<void> carryOutEnd(WorldPtr world, SessionPtr session, Ending ending, std::optional<Millis> life) {
  auto done = co_await session->machine->stop();
  if (world->knobs.stopTime.count() > 0) co_await emulation::sleepFor(world->knobs.stopTime);
  const bool saves = ending == Ending::snapshot || (ending == Ending::stop && session->settings.persistent);
  if (done && saves) done = co_await save(world, session, ending, life);
  co_await world->stage.machines->destroy(session->machine);
  returnDrives(*world, *session);
  session->stoppedAt = world->now();
  if (ending == Ending::abort) session->abortedAt = session->stoppedAt;
  touch(*world, *session, lastStatus(ending, !done));
  co_return done;
}

std::unexpected<Error> lostSnapshot(int status) {
  return refusedAs(
      status, "snapshot_not_found", "Snapshot not found or expired; the sandbox cannot be resumed.");
}

Task<SessionPtr> wakeUp(WorldPtr world, SandboxPtr sandbox, SnapshotPtr snapshot) {
  auto session = announceSession(world, sandbox);
  if (session) {
    Origin origin;
    origin.snapshot = std::move(snapshot);
    session = co_await beginSession(world, *session, std::move(origin));
  }
  sandbox->waking.reset();
  co_return session;
}

}  // namespace

void touch(const World& world, Session& session, Status status) {
  session.status = status;
  session.updatedAt = world.now();
  session.changed.notify();
  const auto sandbox = session.sandbox.lock();
  if (!sandbox || sandbox->sessions.empty() || sandbox->current().get() != &session) return;
  sandbox->statusUpdatedAt = session.updatedAt;
  sandbox->updatedAt = session.updatedAt;
}

Result<SessionPtr> announceSession(const WorldPtr& world, const SandboxPtr& sandbox) {
  if (world->runningSessions(sandbox->scope.team) >= world->knobs.plan.mostSandboxes) {
    return refusedAs(429, "rate_limited", "The concurrency limit has been exceeded.");
  }
  auto session = std::make_shared<Session>(world->stage.loop);
  session->id = world->newSessionId();
  session->sandboxName = sandbox->name;
  session->sandbox = sandbox;
  session->scope = sandbox->scope;
  session->settings = sandbox->settings;
  session->requestedAt = world->now();
  session->cwd = sandbox->settings.runtime.empty() ? imageHome : runtimeHome;
  if (auto lent = lendDrives(*world, *session); !lent) return std::unexpected(std::move(lent).error());
  world->sessions[session->id] = session;
  sandbox->sessions.push_back(session);
  touch(*world, *session, Status::pending);
  return session;
}

Task<SessionPtr> beginSession(WorldPtr world, SessionPtr session, Origin origin) {
  if (origin.snapshot) {
    session->sourceSnapshotId = origin.snapshot->id;
    session->cwd = origin.snapshot->home;
  }
  auto equipped = co_await equip(world, session, std::move(origin));
  if (equipped && world->knobs.createTime.count() > 0)
    equipped = co_await emulation::sleepFor(world->knobs.createTime);
  if (!equipped) {
    touch(*world, *session, Status::failed);
    session->machine.reset();
    returnDrives(*world, *session);
    co_return std::unexpected(std::move(equipped).error());
  }
  session->startedAt = world->now();
  touch(*world, *session, Status::running);
  armExpiry(world, session);
  co_return session;
}

void armExpiry(const WorldPtr& world, const SessionPtr& session) {
  const auto left = session->startedAt + session->settings.timeout - world->now();
  session->expiry.expires_after(std::chrono::milliseconds(std::max<Millis>(left, 0)));
  // Neither holds the other: the timer dies with its session.
  session->expiry.async_wait([world = std::weak_ptr(world), session = std::weak_ptr(session)](auto problem) {
    const auto ours = world.lock();
    const auto its = session.lock();
    if (!problem && ours && its && its->status == Status::running)
      endSession(ours, its, Ending::stop, std::nullopt);
  });
}

std::shared_ptr<emulation::Pending<void>> endSession(const WorldPtr& world,
                                                     const SessionPtr& session,
                                                     Ending ending,
                                                     std::optional<Millis> life) {
  session->requestedStopAt = world->now();
  session->expiry.cancel();
  touch(*world, *session, ending == Ending::snapshot ? Status::snapshotting : Status::stopping);
  return world->background->begin<void>(carryOutEnd(world, session, ending, life));
}

Task<void> awaitSteady(SessionPtr session) {
  while (session->status != Status::running && !session->over()) {
    auto woken = co_await session->changed.wait();
    if (!woken) co_return woken;
  }
  co_return Result<void>();
}

Task<void> settle(WorldPtr world, SessionPtr session, Ending ending, std::optional<Millis> life) {
  auto steady = co_await awaitSteady(session);
  if (!steady || session->over()) co_return steady;
  const auto ended = endSession(world, session, ending, life);
  co_return co_await ended->result();
}

Task<bool> wake(WorldPtr world, SandboxPtr sandbox) {
  if (!sandbox->waking) {
    auto steady = co_await awaitSteady(sandbox->current());
    if (!steady) co_return std::unexpected(std::move(steady).error());
  }
  if (!sandbox->waking) {
    if (sandbox->current()->status == Status::running) co_return false;
    if (sandbox->currentSnapshotId.empty()) co_return lostSnapshot(400);
    auto snapshot = usableSnapshot(*world, sandbox->scope.team, sandbox->currentSnapshotId);
    if (!snapshot) co_return lostSnapshot(world->knobs.missingSnapshotStatus);
    sandbox->waking = world->background->begin<SessionPtr>(wakeUp(world, sandbox, *snapshot));
  }
  const auto waking = sandbox->waking;
  auto session = co_await waking->result();
  if (!session) co_return std::unexpected(std::move(session).error());
  co_return true;
}

Task<void> deleteSandbox(WorldPtr world, SandboxPtr sandbox) {
  world->forget(sandbox);
  if (const auto waking = sandbox->waking) co_await waking->result();
  auto ended = co_await settle(world, sandbox->current(), Ending::discard, std::nullopt);
  world->stage.ledger->destroyed(sandbox->name);
  co_return ended;
}

Result<SnapshotPtr> usableSnapshot(const World& world, const std::string& team, const std::string& id) {
  auto snapshot = world.snapshot(team, id);
  if (!snapshot) return snapshot;
  if (!(*snapshot)->usable(world.now())) return lostSnapshot(410);
  return snapshot;
}

void deleteSnapshot(World& world, Snapshot& snapshot) {
  if (snapshot.status == "deleted") return;
  snapshot.status = "deleted";
  snapshot.updatedAt = world.now();
  std::error_code ignored;
  std::filesystem::remove(world.archives.file(snapshot.id), ignored);
}

}  // namespace mooring::vercel::emulated
