#include <mooring/sprites/emulator.hpp>

#include "account.hpp"
#include "disturbance.hpp"
#include "errors.hpp"
#include "routes.hpp"

#include <algorithm>
#include <array>
#include <ranges>

namespace mooring::sprites {

using emulated::World;

namespace {

constexpr std::array manners = {
    std::string_view("fast-path"),
    std::string_view("exit-text-first"),
    std::string_view("no-exit"),
    std::string_view("output-after-exit"),
    std::string_view("silence"),
    std::string_view("no-code"),
    std::string_view("coalesce"),
    std::string_view("split"),
    std::string_view("checkpoint-error"),
    std::string_view("checkpoint-silence"),
};

}  // namespace

Result<std::unique_ptr<Emulator>> Emulator::make(const emulation::Stage& stage) {
  auto knobs = emulated::parseKnobs(stage.settings);
  if (!knobs) return std::unexpected(std::move(knobs).error());
  return std::unique_ptr<Emulator>(new Emulator(std::make_shared<World>(stage, std::move(*knobs))));
}

Emulator::~Emulator() = default;

void Emulator::addRoutes(emulation::Router& router) {
  emulated::Routes routes(router, world_);
  emulated::addManagementRoutes(routes);
  emulated::addListRoutes(routes);
  emulated::addUpkeepRoutes(routes);
  emulated::addFileRoutes(routes);
  emulated::addFileChangeRoutes(routes);
  emulated::addExecRoutes(routes);
  emulated::addSessionRoutes(routes);
  emulated::addHttpExecRoutes(routes);
  emulated::addCheckpointRoutes(routes);
  emulated::addPolicyRoutes(routes);
  emulated::addServiceRoutes(routes);
  emulated::addPortRoutes(routes);
  emulated::addFileWatchRoutes(routes);
}

emulation::Reply Emulator::errorReply(const emulation::Request& request, const Error& error) const {
  return emulated::errorReply(request, error, world_->now());
}

std::vector<std::pair<std::string, std::string>> Emulator::environment() const {
  const auto& knobs = world_->knobs;
  return {
      {"SPRITES_API_BASE_URL", world_->stage.baseUrl},
      {"SPRITES_API_TOKEN", knobs.token.empty() ? knobs.organization + "/emulated/token/any" : knobs.token},
  };
}

Task<void> Emulator::disturb(const emulation::Request& request, std::string state) {
  const auto organization = emulated::organizationOf(request, world_->knobs);
  if (!organization) co_return Result<void>();  // Nothing to be disturbed; the request itself tells why.
  const auto found = world_->sprites.find({*organization, request.param("name")});
  if (found == world_->sprites.end()) co_return Result<void>();
  co_return co_await emulated::put(world_, found->second, std::move(state));
}

Result<void> Emulator::checkManner(const std::string& manner) const {
  if (std::ranges::find(manners, manner) != manners.end()) return {};
  std::string known;
  for (const auto name : manners)
    known += (known.empty() ? "" : ", ") + std::string(name);
  return emulation::refused(400, "the sprites emulator knows these manners: " + known);
}

Task<void> Emulator::put(std::string name, std::string state) {
  for (const auto& sprite : world_->sprites | std::views::values) {
    if (sprite->name == name) co_return co_await emulated::put(world_, sprite, std::move(state));
  }
  co_return failure(Errc::notFound, "the emulator has no sprite named " + name);
}

Task<void> Emulator::settle() {
  const auto all = world_->sprites;
  for (const auto& sprite : all | std::views::values) {
    auto settled = co_await emulated::settle(world_, sprite);
    if (!settled) co_return settled;
  }
  co_return Result<void>();
}

std::vector<EmulatedSprite> Emulator::sprites() const {
  std::vector<EmulatedSprite> all;
  for (const auto& sprite : world_->sprites | std::views::values) {
    EmulatedSprite seen;
    seen.id = sprite->id;
    seen.name = sprite->name;
    seen.organization = sprite->organization;
    seen.status = toString(sprite->sleep.status());
    seen.inUse = sprite->sleep.held();
    seen.labels = sprite->labels;
    for (const auto& id : sprite->sessions | std::views::keys)
      seen.sessions.push_back(id);
    all.push_back(std::move(seen));
  }
  return all;
}

Task<void> Emulator::shutDown() {
  co_await world_->addresses.stop();
  const auto all = world_->sprites;
  for (const auto& sprite : all | std::views::values) {
    auto removed = co_await emulated::remove(world_, sprite);
    if (!removed) co_return removed;
  }
  co_return co_await world_->background->drain();
}

Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage) {
  return Emulator::make(stage);
}

}  // namespace mooring::sprites
