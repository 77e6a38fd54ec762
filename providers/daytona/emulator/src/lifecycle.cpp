#include <mooring/emulation/strict.hpp>

#include "control.hpp"

namespace mooring::daytona::emulator {

using emulation::refused;
using emulation::Reply;

namespace {

std::unexpected<Error> errored() { return refused(400, "Sandbox is in an errored state"); }

Task<Reply> get(Control& control, Call call) {
  auto sandbox = control.world.look(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  co_return reply(control, **sandbox);
}

/// Begins a change of the sandbox in the path. Errors: status 404, 409.
Result<SandboxPtr> begin(Control& control, const Call& call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) return sandbox;
  if (auto begun = control.world.beginChange(**sandbox); !begun)
    return std::unexpected(std::move(begun).error());
  (*sandbox)->changing = false;  // Preconditions first; they do not take time.
  return sandbox;
}

Task<Reply> wake(Control& control, SandboxPtr sandbox, State how) {
  auto& world = control.world;
  sandbox->changing = true;
  sandbox->facts.desired = State::started;
  auto booted = co_await world.boot(sandbox);
  if (!booted) {
    sandbox->facts.errorReason = booted.error().message;
    world.endChange(*sandbox, {}, State::error);
    co_return refused(400, "Sandbox failed to start: " + booted.error().message);
  }
  sandbox->previewToken = world.newToken(32);
  sandbox->facts.errorReason.clear();
  sandbox->facts.recoverable = false;
  world.endChange(*sandbox, {how}, State::started);
  co_return reply(control, *sandbox);
}

Task<Reply> start(Control& control, Call call) {
  auto begun = begin(control, call);
  if (!begun) co_return std::unexpected(std::move(begun).error());
  const auto state = (*begun)->facts.state;
  if (state == State::started) co_return reply(control, **begun);
  if (state == State::error || state == State::buildFailed) co_return errored();
  co_return co_await wake(
      control, std::move(*begun), state == State::archived ? State::restoring : State::starting);
}

Task<Reply> removeNow(Control& control, SandboxPtr sandbox) {
  auto& world = control.world;
  sandbox->changing = true;
  sandbox->facts.desired = State::destroyed;
  auto destroyed = co_await world.destroy(sandbox);
  if (!destroyed) {
    world.endChange(*sandbox, {}, State::error);
    co_return std::unexpected(std::move(destroyed).error());
  }
  world.endChange(*sandbox, {State::destroying}, State::destroyed);
  co_return reply(control, *sandbox, State::destroying);
}

Task<Reply> stop(Control& control, Call call) {
  auto begun = begin(control, call);
  if (!begun) co_return std::unexpected(std::move(begun).error());
  const auto sandbox = *begun;
  const auto state = sandbox->facts.state;
  if (state == State::error || state == State::buildFailed) co_return errored();
  if (state != State::started) co_return refused(400, "Sandbox is not started");
  if (sandbox->facts.isEphemeral()) co_return co_await removeNow(control, sandbox);
  auto& world = control.world;
  sandbox->changing = true;
  sandbox->facts.desired = State::stopped;
  auto halted = co_await world.halt(sandbox);
  if (!halted) {
    world.endChange(*sandbox, {}, State::error);
    co_return std::unexpected(std::move(halted).error());
  }
  world.endChange(*sandbox, {State::stopping}, State::stopped);
  co_return reply(control, *sandbox, State::stopping);
}

Task<Reply> archive(Control& control, Call call) {
  auto begun = begin(control, call);
  if (!begun) co_return std::unexpected(std::move(begun).error());
  auto& sandbox = **begun;
  if (sandbox.facts.isEphemeral()) co_return refused(400, "Ephemeral sandboxes cannot be archived");
  if (sandbox.facts.state == State::error || sandbox.facts.state == State::buildFailed) co_return errored();
  if (sandbox.facts.state != State::stopped) co_return refused(400, "Sandbox is not stopped");
  sandbox.facts.desired = State::archived;
  control.world.endChange(sandbox, {State::archiving}, State::archived);
  co_return reply(control, sandbox, State::archiving);
}

Task<Reply> recover(Control& control, Call call) {
  auto begun = begin(control, call);
  if (!begun) co_return std::unexpected(std::move(begun).error());
  auto& sandbox = **begun;
  if (sandbox.facts.state != State::error)
    co_return refused(400, "Sandbox must be in error state to recover");
  if (!sandbox.facts.recoverable) co_return refused(400, "Sandbox is not recoverable");
  if (call.request().queryValue("skipStart") != "true") {
    co_return co_await wake(control, std::move(*begun), State::starting);
  }
  sandbox.facts.errorReason.clear();
  sandbox.facts.recoverable = false;
  sandbox.facts.desired = State::stopped;
  control.world.endChange(sandbox, {}, State::stopped);
  co_return reply(control, sandbox);
}

Task<Reply> remove(Control& control, Call call) {
  auto begun = begin(control, call);
  if (!begun) co_return std::unexpected(std::move(begun).error());
  co_return co_await removeNow(control, std::move(*begun));
}

Task<Reply> notForContainers(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  co_return refused(422, "This operation is not supported for sandboxes of class container");
}

}  // namespace

void addLifecycleRoutes(ControlRoutes& routes) {
  const std::string sandbox = "/sandbox/{sandboxIdOrName}";
  routes.on("GET", sandbox, get);
  routes.on("DELETE", sandbox, remove);
  routes.on("POST", sandbox + "/start", start);
  routes.on("POST", sandbox + "/stop", stop);
  routes.on("POST", sandbox + "/archive", archive);
  routes.on("POST", sandbox + "/recover", recover);
  routes.on("POST", sandbox + "/pause", notForContainers);
  routes.on("POST", sandbox + "/fork", notForContainers);
}

}  // namespace mooring::daytona::emulator
