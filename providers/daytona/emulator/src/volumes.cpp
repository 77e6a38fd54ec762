#include "volumes.hpp"

#include "control.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::string_view pendingCreate = "pending_create";
constexpr std::string_view ready = "ready";
constexpr std::string_view pendingDelete = "pending_delete";
constexpr std::string_view deleted = "deleted";

bool isEnding(const Volume& volume) { return volume.state == pendingDelete || volume.state == deleted; }

}  // namespace

boost::json::object toJson(const Volume& volume) {
  boost::json::object object;
  object["id"] = volume.id;
  object["name"] = volume.name;
  object["organizationId"] = volume.organizationId;
  object["state"] = volume.state;
  object["createdAt"] = toString(volume.createdAt);
  object["updatedAt"] = toString(volume.updatedAt);
  object["lastUsedAt"] = nullptr;
  if (volume.lastUsedAt) object["lastUsedAt"] = toString(*volume.lastUsedAt);
  object["errorReason"] = nullptr;
  return object;
}

void Volumes::look(Volume& volume) const {
  if (volume.state != pendingCreate && volume.state != pendingDelete) return;
  if (volume.looks-- > 0) return;
  if (volume.state == pendingCreate) volume.state = ready;
  if (volume.state == pendingDelete) {
    volume.state = deleted;
    volume.name += "-deleted";
  }
}

Task<Volume*> Volumes::create(Caller caller, std::string name) {
  auto volume = std::make_unique<Volume>();
  volume->id = world_.stage().ids->uuid();
  volume->name = name.empty() ? volume->id : std::move(name);
  for (const auto& other : all_) {
    if (other->organizationId == caller.organizationId && other->name == volume->name) {
      co_return refused(400, "Volume with name " + volume->name + " already exists");
    }
  }
  volume->organizationId = caller.organizationId;
  volume->state = pendingCreate;
  volume->looks = world_.settings().volumeLooks;
  volume->createdAt = volume->updatedAt = world_.now();
  auto* added = volume.get();
  all_.push_back(std::move(volume));
  auto made = co_await world_.stage().machines->ensureVolume(added->id);
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return added;
}

Result<Volume*> Volumes::byId(const Caller& caller, const std::string& id) {
  for (const auto& volume : all_) {
    if (volume->organizationId != caller.organizationId || volume->id != id) continue;
    look(*volume);
    if (volume->state != deleted) return volume.get();
  }
  return refused(404, "Volume with ID " + id + " not found");
}

Result<Volume*> Volumes::byName(const Caller& caller, const std::string& name) {
  for (const auto& volume : all_) {
    if (volume->organizationId != caller.organizationId || volume->name != name) continue;
    look(*volume);
    if (volume->state != deleted) return volume.get();
  }
  return refused(404, "Volume with name " + name + " not found");
}

std::vector<Volume*> Volumes::list(const Caller& caller, bool withDeleted) {
  std::vector<Volume*> found;
  for (const auto& volume : all_) {
    if (volume->organizationId != caller.organizationId) continue;
    look(*volume);
    if (withDeleted || volume->state != deleted) found.push_back(volume.get());
  }
  std::ranges::stable_sort(found, std::ranges::greater(), [](const Volume* volume) {
    return volume->lastUsedAt.value_or(Timestamp());
  });
  return found;
}

Task<void> Volumes::remove(Volume* volume) {
  if (volume->state != ready) {
    co_return refused(400,
                      "Volume must be in ready or error state. Current state: " + std::string(volume->state));
  }
  if (world_.usesVolume(volume->id)) {
    co_return refused(409,
                      "Volume " + volume->name + " cannot be deleted: it is in use by one or more sandboxes");
  }
  volume->state = pendingDelete;
  volume->looks = world_.settings().volumeLooks;
  volume->updatedAt = world_.now();
  co_return co_await world_.stage().machines->removeVolume(volume->id);
}

Result<Volume*> Volumes::forMount(const Caller& caller, const std::string& reference) {
  Volume* found = nullptr;
  for (const auto& volume : all_) {
    if (volume->organizationId != caller.organizationId || isEnding(*volume)) continue;
    if (volume->id != reference && volume->name != reference) continue;
    if (found != nullptr)
      return refused(400, "Volume reference '" + reference + "' means two volumes: use the id");
    found = volume.get();
  }
  if (found == nullptr) return refused(404, "Volume '" + reference + "' not found");
  // A worker makes volumes whether anybody looks or not; only a wished delay holds it up.
  if (world_.settings().volumeLooks == 0) look(*found);
  if (found->state != ready) {
    return refused(
        400,
        "Volume '" + reference + "' is not in a ready state. Current state: " + std::string(found->state));
  }
  found->lastUsedAt = world_.now();
  return found;
}

namespace {

Task<Reply> createVolume(Control& control, Call call) {
  std::string name(call.body.at("name").as_string());
  auto made = co_await control.volumes.create(call.caller, std::move(name));
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return jsonReply(200, toJson(**made));
}

Task<Reply> listVolumes(Control& control, Call call) {
  boost::json::array all;
  const bool withDeleted = call.request().queryValue("includeDeleted") == "true";
  for (const auto* volume : control.volumes.list(call.caller, withDeleted))
    all.emplace_back(toJson(*volume));
  co_return jsonReply(200, all);
}

Task<Reply> getVolume(Control& control, Call call) {
  auto found = control.volumes.byId(call.caller, call.request().param("volumeId"));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return jsonReply(200, toJson(**found));
}

Task<Reply> getVolumeByName(Control& control, Call call) {
  auto found = control.volumes.byName(call.caller, call.request().param("name"));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return jsonReply(200, toJson(**found));
}

Task<Reply> deleteVolume(Control& control, Call call) {
  auto found = control.volumes.byId(call.caller, call.request().param("volumeId"));
  if (!found) co_return std::unexpected(std::move(found).error());
  auto removed = co_await control.volumes.remove(*found);
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return emulation::emptyReply(200);
}

}  // namespace

void addVolumeRoutes(ControlRoutes& routes) {
  routes.on("POST", "/volumes", createVolume);
  routes.on("GET", "/volumes", listVolumes);
  routes.on("GET", "/volumes/{volumeId}", getVolume);
  routes.on("GET", "/volumes/by-name/{name}", getVolumeByName);
  routes.on("DELETE", "/volumes/{volumeId}", deleteVolume);
}

}  // namespace mooring::daytona::emulator
