#include "disturbance.hpp"

#include "lifecycle.hpp"

#include <ranges>

namespace mooring::vercel::emulated {

namespace {

Task<void> loseSnapshot(WorldPtr world, SandboxPtr sandbox) {
  auto stopped = co_await settle(world, sandbox->current(), Ending::stop, std::nullopt);
  if (!stopped) co_return stopped;
  const auto snapshot = world->snapshots.find(sandbox->currentSnapshotId);
  if (snapshot != world->snapshots.end()) deleteSnapshot(*world, *snapshot->second);
  co_return Result<void>();
}

Task<void> remove(WorldPtr world, SandboxPtr sandbox) {
  auto deleting = world->background->begin<void>(deleteSandbox(world, sandbox));
  co_return co_await deleting->result();
}

}  // namespace

SandboxPtr sandboxOf(const World& world, const emulation::Request& request) {
  const auto session = world.sessions.find(request.param("sessionId"));
  if (session != world.sessions.end()) {
    auto sandbox = session->second->sandbox.lock();
    // One that was deleted is nobody's any more.
    const bool known = sandbox && world.sandboxes.contains({sandbox->scope, sandbox->name});
    return known ? sandbox : nullptr;
  }
  const auto name = request.param("name");
  for (const auto& [key, sandbox] : world.sandboxes) {
    if (sandbox->name == name) return sandbox;
  }
  return nullptr;
}

Task<void> put(WorldPtr world, SandboxPtr sandbox, std::string state) {
  const auto session = sandbox->current();
  if (state == "gone") co_return co_await remove(world, sandbox);
  if (state == "stopped") co_return co_await settle(world, session, Ending::stop, std::nullopt);
  if (state == "failed") co_return co_await settle(world, session, Ending::fail, std::nullopt);
  if (state == "aborted") co_return co_await settle(world, session, Ending::abort, std::nullopt);
  if (state == "unresumable") co_return co_await loseSnapshot(world, sandbox);
  if (state != "stopping" && state != "snapshotting") {
    co_return failure(Errc::invalidArgument,
                      "a sandbox of the vercel emulator cannot be put into state " + state +
                          "; known are: stopped, stopping, snapshotting, failed, aborted, unresumable, gone");
  }
  const auto ending = state == "stopping" ? Ending::stop : Ending::snapshot;
  if (session->status == Status::running) endSession(world, session, ending, std::nullopt);
  co_return Result<void>();
}

Task<void> endAll(WorldPtr world) {
  for (bool more = true; more;) {
    more = false;
    for (const auto& session : world->sessions | std::views::values) {
      if (session->status != Status::running) continue;
      endSession(world, session, Ending::discard, std::nullopt);
      more = true;
    }
    auto drained = co_await world->background->drain();
    if (!drained) co_return drained;
  }
  co_return Result<void>();
}

}  // namespace mooring::vercel::emulated
