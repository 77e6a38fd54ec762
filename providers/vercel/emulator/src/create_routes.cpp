// New sandboxes: made, or forked from others.
#include "errors.hpp"
#include "lifecycle.hpp"
#include "preview.hpp"
#include "requests.hpp"
#include "routes.hpp"
#include "wire.hpp"

namespace mooring::vercel::emulated {

using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

Settings settingsFor(Version version, const Wishes& wishes) {
  Settings settings;
  if (version == Version::v4) {
    settings.snapshotExpiration = 7 * dayMs;
    settings.keepLast = KeepLast{};
  }
  wishes.applyTo(settings);
  return settings;
}

/// Puts it among the others and gives it a session that is not running yet.
Result<SandboxPtr> announceSandbox(const WorldPtr& world, Scope scope, std::string name, Settings settings) {
  if (world->sandboxes.contains({scope, name})) {
    return refused(400, "A sandbox with the name '" + name + "' already exists for this project.");
  }
  auto sandbox = std::make_shared<Sandbox>();
  sandbox->name = name;
  sandbox->scope = scope;
  sandbox->settings = std::move(settings);
  sandbox->createdAt = world->now();
  sandbox->updatedAt = sandbox->createdAt;
  if (auto routed = setRoutes(*world, *sandbox, sandbox->settings.ports); !routed) {
    return std::unexpected(std::move(routed).error());
  }
  if (auto session = announceSession(world, sandbox); !session)
    return std::unexpected(std::move(session).error());
  world->add(sandbox);
  return sandbox;
}

/// Makes the first session of an announced sandbox; without it there is no sandbox either.
Task<void> launchSandbox(WorldPtr world, SandboxPtr sandbox, Origin origin) {
  auto session = co_await beginSession(world, sandbox->current(), std::move(origin));
  if (session) {
    world->stage.ledger->created(sandbox->name);
    co_return Result<void>();
  }
  world->forget(sandbox);
  co_return std::unexpected(std::move(session).error());
}

Task<Reply> launched(WorldPtr world, SandboxPtr sandbox, Origin origin) {
  auto launching = world->background->begin<void>(launchSandbox(world, sandbox, std::move(origin)));
  auto done = co_await launching->result();
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return jsonReply(200, placeJson(*sandbox, world->now()));
}

Task<Reply> create(WorldPtr world, Call call, Version version) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = parseCreate(*body, version, world->knobs.plan);
  if (!request) co_return std::unexpected(std::move(request).error());
  if (request->projectId) call.scope.project = *request->projectId;
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  Origin origin;
  origin.source = std::move(request->source);
  if (origin.source && origin.source->kind == SourceKind::snapshot) {
    auto snapshot = usableSnapshot(*world, call.scope.team, origin.source->snapshotId);
    if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
    origin.snapshot = std::move(*snapshot);
    origin.source.reset();
  }
  const auto name = request->name.value_or(world->newName());
  auto settings = settingsFor(version, request->wishes);
  if (origin.snapshot && origin.snapshot->region != settings.region) {
    co_return refusedAs(400, "snapshot_region_mismatch", "The snapshot is in another region.");
  }
  auto sandbox = announceSandbox(world, call.scope, name, std::move(settings));
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  co_return co_await launched(world, *sandbox, std::move(origin));
}

Task<Reply> createV2(WorldPtr world, Call call) {
  return create(std::move(world), std::move(call), Version::v2);
}
Task<Reply> createV3(WorldPtr world, Call call) {
  return create(std::move(world), std::move(call), Version::v3);
}
Task<Reply> createV4(WorldPtr world, Call call) {
  return create(std::move(world), std::move(call), Version::v4);
}

Task<Reply> fork(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  auto request = parseFork(*body, world->knobs.plan);
  if (!request) co_return std::unexpected(std::move(request).error());
  auto source = world->sandbox(call.scope, call.param("name"));
  if (!source) co_return std::unexpected(std::move(source).error());
  Origin origin;
  if (!(*source)->currentSnapshotId.empty()) {
    auto snapshot = usableSnapshot(*world, call.scope.team, (*source)->currentSnapshotId);
    if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
    origin.snapshot = std::move(*snapshot);
  }
  auto settings = (*source)->settings;
  settings.mounts.clear();
  request->wishes.applyTo(settings);
  const auto name = request->name.value_or(world->newName());
  auto sandbox = announceSandbox(world, call.scope, name, std::move(settings));
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  (*sandbox)->currentSnapshotId = origin.snapshot ? origin.snapshot->id : std::string();
  co_return co_await launched(world, *sandbox, std::move(origin));
}

}  // namespace

void addCreateRoutes(Routes& routes) {
  routes.on("POST", "/v2/sandboxes", {}, createV2);
  routes.on("POST", "/v3/sandboxes", {}, createV3);
  routes.on("POST", "/v4/sandboxes", {}, createV4);
  routes.on("POST", "/v2/sandboxes/{name}/fork", {"projectId"}, fork);
  routes.on("POST", "/v3/sandboxes/{name}/fork", {"projectId"}, fork);
}

}  // namespace mooring::vercel::emulated
