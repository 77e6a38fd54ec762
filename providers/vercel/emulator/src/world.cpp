#include "world.hpp"

#include "errors.hpp"
#include "preview.hpp"

#include <algorithm>
#include <array>

namespace mooring::vercel::emulated {

using emulation::refused;

namespace {

constexpr std::array<std::string_view, 12> manners = {"quiet",
                                                      "brave",
                                                      "gentle",
                                                      "swift",
                                                      "calm",
                                                      "bright",
                                                      "eager",
                                                      "noble",
                                                      "proud",
                                                      "sunny",
                                                      "merry",
                                                      "keen"};
constexpr std::array<std::string_view, 12> colours = {
    "amber", "azure", "coral", "ivory", "jade", "olive", "pearl", "ruby", "sage", "slate", "teal", "umber"};
constexpr std::array<std::string_view, 12> animals = {
    "otter", "heron", "lynx", "finch", "badger", "marten", "raven", "trout", "hare", "newt", "seal", "wren"};

}  // namespace

World::World(emulation::Stage theStage, Knobs theKnobs)
    : stage(std::move(theStage)),
      knobs(std::move(theKnobs)),
      background(std::make_shared<emulation::Background>(stage.loop)),
      archives(stage.directory / "snapshots"),
      previews(stage.loop,
               [this](std::string subdomain, emulation::ExchangePtr exchange) {
                 return servePreview(shared_from_this(), std::move(subdomain), std::move(exchange));
               }),
      random_(std::random_device()()) {}

Millis World::now() const { return stage.clock->now().time_since_epoch().count(); }

std::string World::letters(std::size_t count, std::string_view alphabet) {
  std::uniform_int_distribution<std::size_t> any(0, alphabet.size() - 1);
  std::string text;
  while (text.size() < count)
    text += alphabet[any(random_)];
  return text;
}

std::string World::newName() {
  const auto one = [this](const auto& words) {
    return std::string(words[std::uniform_int_distribution<std::size_t>(0, words.size() - 1)(random_)]);
  };
  std::string name = one(manners);
  name += "-" + one(colours);
  name += "-" + one(animals);
  return name + "-" + letters(6, base62);
}

Result<SandboxPtr> World::sandbox(const Scope& scope, const std::string& name) const {
  const auto found = sandboxes.find({scope, name});
  if (found == sandboxes.end()) {
    return refused(404, "Named sandbox '" + name + "' not found for this project.");
  }
  return found->second;
}

Result<SessionPtr> World::session(const std::string& team, const std::string& id) const {
  const auto found = sessions.find(id);
  if (found == sessions.end() || found->second->scope.team != team) {
    return refused(404, "Sandbox session '" + id + "' not found.");
  }
  return found->second;
}

Result<SessionPtr> World::runningSession(const std::string& team, const std::string& id) const {
  auto found = session(team, id);
  if (!found) return found;
  switch ((*found)->status) {
    case Status::running:
      return found;
    case Status::stopping:
      return refusedAs(422, "sandbox_stopping", "Sandbox is stopping and is not accepting commands.");
    case Status::snapshotting:
      return refusedAs(
          422, "sandbox_snapshotting", "Sandbox is creating a snapshot and is not accepting commands.");
    case Status::pending:
      return refusedAs(422, "sandbox_not_ready", "Sandbox is starting and is not accepting commands yet.");
    case Status::stopped:
    case Status::failed:
    case Status::aborted:
      break;
  }
  return refusedAs(410, "sandbox_stopped", "Sandbox has stopped execution and is no longer available.");
}

Result<SnapshotPtr> World::snapshot(const std::string& team, const std::string& id) const {
  const auto found = snapshots.find(id);
  if (found == snapshots.end() || found->second->scope.team != team) {
    return refused(404, "Snapshot '" + id + "' not found.");
  }
  return found->second;
}

Result<DrivePtr> World::drive(const Scope& scope, const std::string& name) const {
  const auto found = drives.find({scope, name});
  if (found == drives.end()) return refused(404, "Drive '" + name + "' not found for this project.");
  return found->second;
}

std::size_t World::runningSessions(const std::string& team) const {
  return static_cast<std::size_t>(std::ranges::count_if(sessions, [&](const auto& entry) {
    return entry.second->scope.team == team && !entry.second->over();
  }));
}

void World::add(SandboxPtr sandbox) {
  rememberSandboxes();
  const std::pair key(sandbox->scope, sandbox->name);
  sandboxes[key] = std::move(sandbox);
}

void World::forget(const SandboxPtr& sandbox) {
  const auto found = sandboxes.find({sandbox->scope, sandbox->name});
  if (found == sandboxes.end() || found->second != sandbox) return;
  rememberSandboxes();
  sandboxes.erase(found);
}

void World::rememberSandboxes() {
  formerSandboxes.clear();
  for (const auto& [key, sandbox] : sandboxes)
    formerSandboxes.push_back(sandbox);
}

}  // namespace mooring::vercel::emulated
