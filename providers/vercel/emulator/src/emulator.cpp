#include <mooring/vercel/emulator.hpp>

#include "disturbance.hpp"
#include "errors.hpp"
#include "routes.hpp"
#include "world.hpp"

#include <ranges>

namespace mooring::vercel {

using emulated::World;

Result<std::unique_ptr<Emulator>> Emulator::make(const emulation::Stage& stage) {
  auto knobs = emulated::parseKnobs(stage.settings);
  if (!knobs) return std::unexpected(std::move(knobs).error());
  return std::unique_ptr<Emulator>(new Emulator(std::make_shared<World>(stage, std::move(*knobs))));
}

Emulator::~Emulator() = default;

void Emulator::addRoutes(emulation::Router& router) {
  emulated::Routes routes(router, world_);
  emulated::addCreateRoutes(routes);
  emulated::addSandboxRoutes(routes);
  emulated::addSessionRoutes(routes);
  emulated::addCommandRoutes(routes);
  emulated::addFileRoutes(routes);
  emulated::addSnapshotRoutes(routes);
  emulated::addDriveRoutes(routes);
  emulated::addInteractiveRoutes(routes);
}

emulation::Reply Emulator::errorReply(const emulation::Request& /*request*/, const Error& error) const {
  return emulated::errorReply(error);
}

std::vector<std::pair<std::string, std::string>> Emulator::environment() const {
  const auto& knobs = world_->knobs;
  return {
      {"SANDBOX_VERCEL_API_URL", world_->stage.baseUrl + "/api"},
      {"SANDBOX_VERCEL_TOKEN", knobs.token.empty() ? "emulated" : knobs.token},
      {"SANDBOX_VERCEL_TEAM_ID", "team_emulated"},
      {"SANDBOX_VERCEL_PROJECT_ID", knobs.project.empty() ? "prj_emulated" : knobs.project},
  };
}

Task<void> Emulator::disturb(const emulation::Request& request, std::string state) {
  auto sandbox = emulated::sandboxOf(*world_, request);
  if (!sandbox) co_return Result<void>();  // Nothing to be disturbed; the request itself tells why.
  co_return co_await emulated::put(world_, std::move(sandbox), std::move(state));
}

Task<void> Emulator::put(std::string name, std::string state) {
  for (const auto& sandbox : world_->sandboxes | std::views::values) {
    if (sandbox->name == name) co_return co_await emulated::put(world_, sandbox, std::move(state));
  }
  co_return failure(Errc::notFound, "the emulator has no sandbox named " + name);
}

std::vector<EmulatedSandbox> Emulator::sandboxes() const {
  std::vector<EmulatedSandbox> all;
  for (const auto& sandbox : world_->sandboxes | std::views::values) {
    EmulatedSandbox seen;
    seen.name = sandbox->name;
    seen.project = sandbox->scope.project;
    seen.status = toString(sandbox->current()->status);
    seen.sessionId = sandbox->current()->id;
    seen.sessions = sandbox->sessions.size();
    seen.snapshotId = sandbox->currentSnapshotId;
    seen.tags = sandbox->settings.tags;
    all.push_back(std::move(seen));
  }
  return all;
}

Task<void> Emulator::shutDown() {
  co_await world_->previews.stop();
  co_return co_await emulated::endAll(world_);
}

Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage) {
  return Emulator::make(stage);
}

}  // namespace mooring::vercel
