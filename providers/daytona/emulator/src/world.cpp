#include "world.hpp"

#include "toolbox/signed_links.hpp"
#include "toolbox_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace mooring::daytona::emulator {

using emulation::refused;
using emulation::Request;

namespace {

constexpr const char* keyOrganization = "org-emulated";

bool looksLikeToken(const std::string& text) { return std::ranges::count(text, '.') == 2; }

std::unexpected<Error> notFound(const std::string& idOrName) {
  return refused(404, "Sandbox with ID or name " + idOrName + " not found");
}

std::unexpected<Error> noRunner(const std::string& id) {
  return refused(400,
                 "bad request: failed to get runner info: Sandbox with ID " + id + " does not have a runner");
}

}  // namespace

std::string World::newToken(std::size_t length) {
  std::vector<unsigned char> bytes(length);
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string token;
  for (const auto byte : bytes)
    token += "abcdefghijklmnopqrstuvwxyz0123456789"[byte % 36];
  return token;
}

Result<Caller> World::authenticate(const Request& request) const {
  const auto token = request.bearer();
  if (!token) return refused(401, "Invalid credentials");
  const bool isKey = settings_.key.empty() ? token->starts_with("dtn_") : *token == settings_.key;
  if (isKey) return Caller{keyOrganization};
  if (!looksLikeToken(*token)) return refused(401, "Invalid credentials");
  const auto organization = request.headers.get("X-Daytona-Organization-ID");
  if (!organization || organization->empty()) return refused(403, "Invalid authentication context");
  return Caller{std::string(*organization)};
}

Result<SandboxPtr> World::find(const Caller& caller, const std::string& idOrName) const {
  for (const auto& [id, sandbox] : byId_) {
    if (sandbox->facts.organizationId != caller.organizationId) continue;
    if (id != idOrName && sandbox->facts.name != idOrName) continue;
    if (sandbox->told() == State::destroyed) continue;
    return sandbox;
  }
  return notFound(idOrName);
}

Result<SandboxPtr> World::findAny(const std::string& idOrName) const {
  for (const auto& [id, sandbox] : byId_) {
    if ((id == idOrName || sandbox->facts.name == idOrName) && sandbox->told() != State::destroyed)
      return sandbox;
  }
  return notFound(idOrName);
}

SandboxPtr World::byId(const std::string& id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() || found->second->told() == State::destroyed ? nullptr : found->second;
}

Result<SandboxPtr> World::look(const Caller& caller, const std::string& idOrName) {
  auto found = find(caller, idOrName);
  if (!found) return found;
  auto& steps = (*found)->steps;
  const auto before = (*found)->told();
  if (!steps.empty() && steps.front().looks <= 0 && now() >= steps.front().until) {
    remember();
    steps.pop_front();
    tellFrom(before, **found);
  } else if (!steps.empty()) {
    --steps.front().looks;
  }
  if ((*found)->told() == State::destroyed) return notFound(idOrName);
  return found;
}

std::vector<SandboxPtr> World::all(const Caller& caller) const {
  std::vector<SandboxPtr> mine;
  for (const auto& [id, sandbox] : byId_) {
    if (sandbox->facts.organizationId == caller.organizationId) mine.push_back(sandbox);
  }
  return mine;
}

bool World::usesVolume(const std::string& volumeId) const {
  return std::ranges::any_of(byId_, [&](const auto& entry) {
    const auto& facts = entry.second->facts;
    return facts.state != State::destroyed &&
           std::ranges::find(facts.volumes, volumeId, &Mount::volumeId) != facts.volumes.end();
  });
}

void World::remember() {
  if (std::exchange(remembered_, true)) return;
  before_.clear();
  for (const auto& [id, sandbox] : byId_) {
    before_.push_back(sandbox->facts);
    before_.back().state = sandbox->told();
  }
}

Result<SandboxPtr> World::add(SandboxFacts facts) {
  facts.id = stage_.ids->uuid();
  if (facts.name.empty()) facts.name = facts.id;
  facts.daemonVersion = toString(settings_.daemon);
  for (const auto& [id, other] : byId_) {
    if (other->facts.organizationId == facts.organizationId && other->facts.name == facts.name) {
      return refused(409, "Sandbox with name " + facts.name + " already exists");
    }
  }
  remember();
  facts.createdAt = facts.updatedAt = facts.lastActivityAt = now();
  auto sandbox = std::make_shared<Sandbox>();
  sandbox->facts = std::move(facts);
  sandbox->previewToken = newToken(32);
  sandbox->signingKey = "sk-" + newToken(40);
  byId_[sandbox->facts.id] = sandbox;
  stage_.ledger->created(sandbox->facts.id);
  return sandbox;
}

Result<void> World::beginChange(Sandbox& sandbox) {
  if (sandbox.inTransition()) return refused(409, "Sandbox state change in progress");
  sandbox.changing = true;
  return {};
}

void World::tellFrom(State before, const Sandbox& sandbox) const {
  if (onState_ && before != sandbox.told()) onState_(sandbox.facts, before, sandbox.told());
}

void World::endChange(Sandbox& sandbox, const std::vector<State>& steps, State last) {
  remember();
  const auto before = sandbox.told();
  sandbox.changing = false;
  sandbox.facts.state = last;
  sandbox.facts.updatedAt = sandbox.facts.lastActivityAt = now();
  sandbox.steps.clear();
  if (settings_.looks > 0 || settings_.delay.count() > 0) pretend(sandbox, steps);
  tellFrom(before, sandbox);
}

void World::pretend(Sandbox& sandbox, const std::vector<State>& steps) {
  for (const auto state : steps)
    sandbox.steps.push_back(Step{state, settings_.looks, now() + settings_.delay});
}

void World::noteChange(Sandbox& sandbox) {
  remember();
  sandbox.facts.updatedAt = now();
}

Task<void> World::boot(SandboxPtr sandbox) {
  if (!sandbox->machine) {
    emulation::MachineSpec spec;
    spec.name = sandbox->facts.id;
    spec.home = "/home/daytona";
    spec.user = "daytona";
    spec.networkBlocked = sandbox->facts.networkBlockAll;
    for (const auto& mount : sandbox->facts.volumes) {
      VolumeMount volume;
      volume.name = mount.volumeId;
      volume.mountPath = mount.mountPath;
      spec.volumes.push_back(std::move(volume));
    }
    auto made = co_await stage_.machines->make(std::move(spec));
    if (!made) co_return std::unexpected(std::move(made).error());
    sandbox->machine = std::move(*made);
  } else {
    auto started = co_await sandbox->machine->start();
    if (!started) co_return started;
  }
  sandbox->dead = false;
  sandbox->daemon = bootDaemon(*this, *sandbox);
  co_return Result<void>();
}

Task<void> World::halt(SandboxPtr sandbox) {
  if (sandbox->daemon) endDaemon(*sandbox->daemon);
  sandbox->daemon.reset();
  if (!sandbox->machine) co_return Result<void>();
  co_return co_await sandbox->machine->stop();
}

Task<void> World::destroy(SandboxPtr sandbox) {
  if (sandbox->daemon) endDaemon(*sandbox->daemon);
  sandbox->daemon.reset();
  auto& facts = sandbox->facts;
  // The row is renamed in the update that begins the end, so that the name is free at once.
  facts.name = "DESTROYED_" + facts.name + "_" + std::to_string(now().time_since_epoch().count());
  if (sandbox->machine) {
    auto removed = co_await stage_.machines->destroy(sandbox->machine);
    if (!removed) co_return removed;
    sandbox->machine.reset();
  }
  stage_.ledger->destroyed(facts.id);
  co_return Result<void>();
}

void World::sweep() {
  const auto sandboxes = byId_;
  for (const auto& [id, sandbox] : sandboxes)
    sweep(sandbox);
}

void World::sweep(const SandboxPtr& sandbox) {
  auto& facts = sandbox->facts;
  if (sandbox->inTransition() || facts.state == State::destroyed) return;
  const auto due = [&](std::int64_t minutes, Timestamp since) {
    return now() >= since + std::chrono::minutes(minutes);
  };
  const auto before = sandbox->told();
  const bool idle = facts.state == State::started && facts.autoStop > 0 &&
                    due(facts.autoStop, facts.lastActivityAt);
  const bool old = facts.autoDestroyAt && now() >= *facts.autoDestroyAt;
  const bool unwanted = facts.state == State::stopped && facts.autoDelete >= 0 &&
                        due(facts.autoDelete, facts.updatedAt);
  if (old || unwanted || (idle && facts.isEphemeral())) {
    remember();
    facts.state = facts.desired = State::destroyed;
    sandbox->changing = true;
    ++ending_;
    boost::asio::co_spawn(stage_.loop, endInBackground(*this, sandbox, true), boost::asio::detached);
  } else if (idle) {
    remember();
    facts.state = facts.desired = State::stopped;
    facts.updatedAt = now();
    sandbox->changing = true;
    ++ending_;
    boost::asio::co_spawn(stage_.loop, endInBackground(*this, sandbox, false), boost::asio::detached);
  } else if (facts.state == State::stopped && due(facts.autoArchive, facts.lastActivityAt)) {
    remember();
    facts.state = facts.desired = State::archived;
  }
  tellFrom(before, *sandbox);
}

Task<void> World::settle() {
  sweep();
  while (ending_ > 0) {
    auto woken = co_await endedOne_.wait();
    if (!woken) co_return woken;
  }
  co_return Result<void>();
}

boost::asio::awaitable<void> World::endInBackground(World& world, SandboxPtr sandbox, bool forGood) {
  auto task = forGood ? world.destroy(sandbox) : world.halt(sandbox);
  auto ended = co_await std::move(task);
  sandbox->changing = false;
  --world.ending_;
  world.endedOne_.notify();
  if (ended) co_return;
  sandbox->facts.state = State::error;
  sandbox->facts.errorReason = ended.error().message;
}

void World::endDaemons() {
  for (const auto& [id, sandbox] : byId_) {
    if (sandbox->daemon) endDaemon(*sandbox->daemon);
    sandbox->daemon.reset();
  }
}

Result<SandboxPtr> World::reach(const Request& request) {
  sweep();
  const auto id = request.param("sandboxId");
  const auto found = byId_.find(id);
  if (found == byId_.end() || found->second->told() == State::destroyed) {
    return refused(401, "unauthorized: authentication failed: Bearer token is invalid");
  }
  const auto& sandbox = found->second;
  const auto caller = authenticate(request);
  const auto header = request.headers.get("X-Daytona-Preview-Token");
  const auto parameter = request.queryValue("DAYTONA_SANDBOX_AUTH_KEY");
  const bool allowed = (caller && caller->organizationId == sandbox->facts.organizationId) ||
                       (header && *header == sandbox->previewToken) ||
                       (parameter && *parameter == sandbox->previewToken) ||
                       isSignedLink(request, sandbox->signingKey, now());
  if (!allowed) return refused(401, "unauthorized: authentication failed: Bearer token is invalid");
  switch (sandbox->told()) {
    case State::started:
      break;
    case State::stopped:
    case State::stopping:
    case State::error:
      return refused(
          400,
          "bad request: failed to resolve container IP after 3 attempts: no IP address found. Is the "
          "Sandbox started?");
    case State::archived:
    case State::archiving:
    case State::pendingBuild:
    case State::buildingSnapshot:
    case State::buildFailed:
      return noRunner(id);
    case State::creating:
    case State::starting:
    case State::restoring:
    case State::destroying:
    case State::destroyed:
      return refused(502, "");
  }
  if (sandbox->dead || !sandbox->daemon) return refused(502, "");
  if (!request.headers.contains("X-Daytona-Skip-Last-Activity-Update")) sandbox->facts.lastActivityAt = now();
  return sandbox;
}

Task<void> World::disturb(SandboxPtr sandbox, std::string state) {
  auto& facts = sandbox->facts;
  sandbox->steps.clear();
  if (state == "dead") {
    sandbox->dead = true;
    co_return Result<void>();
  }
  const bool known = state == "stopped" || state == "archived" || state == "error" ||
                     state == "recoverable" || state == "gone";
  if (!known) co_return refused(400, "state " + state + " is unknown to the Daytona emulator");
  remember();
  if (state == "gone") {
    auto destroyed = co_await destroy(sandbox);
    if (!destroyed) co_return destroyed;
    facts.state = State::destroyed;
    co_return Result<void>();
  }
  auto halted = co_await halt(sandbox);
  if (!halted) co_return halted;
  facts.state = state == "stopped" ? State::stopped : state == "archived" ? State::archived : State::error;
  facts.desired = facts.state == State::error ? facts.desired : facts.state;
  if (facts.state == State::error) {
    facts.errorReason = "the emulator was told to fail it";
    facts.recoverable = state == "recoverable";
  }
  co_return Result<void>();
}

}  // namespace mooring::daytona::emulator
