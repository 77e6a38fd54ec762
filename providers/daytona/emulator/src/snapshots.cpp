#include "snapshots.hpp"

#include <mooring/emulation/strict.hpp>

#include "control.hpp"
#include "limits.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::string_view active = "active";
constexpr std::int64_t largestPage = 200;

std::unexpected<Error> notFound(const std::string& idOrName) {
  return refused(404, "Snapshot with ID or name " + idOrName + " not found");
}

bool sees(const Caller& caller, const Snapshot& snapshot) {
  return snapshot.organizationId.empty() || snapshot.organizationId == caller.organizationId;
}

}  // namespace

json::object toJson(const Snapshot& snapshot) {
  json::object object;
  object["id"] = snapshot.id;
  if (!snapshot.organizationId.empty()) object["organizationId"] = snapshot.organizationId;
  object["general"] = snapshot.organizationId.empty();
  object["name"] = snapshot.name;
  if (!snapshot.imageName.empty()) object["imageName"] = snapshot.imageName;
  object["state"] = snapshot.state;
  object["size"] = nullptr;
  object["entrypoint"] = nullptr;
  if (!snapshot.entrypoint.empty())
    object["entrypoint"] = json::array(snapshot.entrypoint.begin(), snapshot.entrypoint.end());
  object["cpu"] = snapshot.cpu;
  object["gpu"] = 0;
  object["mem"] = snapshot.memory;
  object["disk"] = snapshot.disk;
  object["errorReason"] = nullptr;
  if (!snapshot.errorReason.empty()) object["errorReason"] = snapshot.errorReason;
  object["createdAt"] = toString(snapshot.createdAt);
  object["updatedAt"] = toString(snapshot.updatedAt);
  object["lastUsedAt"] = nullptr;
  object["sourceSandboxId"] = nullptr;
  object["sandboxClass"] = "container";
  object["regionIds"] = json::array({"us"});
  if (!snapshot.buildInfo.empty()) object["buildInfo"] = snapshot.buildInfo;
  return object;
}

json::object buildInfoOf(const json::object& wish, Timestamp now) {
  json::object info = wish;
  info["createdAt"] = toString(now);
  info["updatedAt"] = toString(now);
  info["snapshotRef"] = "daytona/" +
                        emulation::digestOf(std::string_view(wish.at("dockerfileContent").as_string())) +
                        ":daytona";
  return info;
}

std::string buildFlaw(const json::object& buildInfo) {
  const std::string_view text = buildInfo.at("dockerfileContent").as_string();
  if (text.starts_with("FROM ") || text.find("\nFROM ") != std::string_view::npos) return {};
  return "Build failed: no build stage in current context: the Dockerfile has no FROM";
}

Snapshots::Snapshots(World& world) : world_(world) {
  auto usual = std::make_unique<Snapshot>();
  usual->id = world.stage().ids->uuid();
  usual->name = usual->imageName = "daytonaio/sandbox:emulated";
  usual->state = active;
  usual->createdAt = usual->updatedAt = world.now();
  all_.push_back(std::move(usual));
}

void Snapshots::look(Snapshot& snapshot) const {
  if (snapshot.state != "pending" && snapshot.state != "building") return;
  if (snapshot.looks-- > 0) return;
  snapshot.state = snapshot.errorReason.empty() ? active : "build_failed";
}

Result<Snapshot*> Snapshots::create(const Caller& caller, const json::object& wish) {
  emulation::Members members(wish);
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->name = members.text("name");
  snapshot->imageName = members.optionalText("imageName").value_or("");
  if (auto entrypoint = members.optionalTextList("entrypoint")) snapshot->entrypoint = std::move(*entrypoint);
  snapshot->cpu = members.optionalInteger("cpu", 1, largestCpu).value_or(1);
  snapshot->memory = members.optionalInteger("memory", 1, largestMemory).value_or(1);
  snapshot->disk = members.optionalInteger("disk", 1, largestDisk).value_or(3);
  const auto* build = members.optionalObject("buildInfo");
  for (const auto* name : {"gpu", "gpuType", "regionId", "sandboxClass"})
    members.known(name);
  if (auto done = members.done(); !done) return std::unexpected(std::move(done).error());
  if (snapshot->imageName.empty() == (build == nullptr)) {
    return refused(400, "Exactly one of imageName and buildInfo must be given");
  }
  for (const auto& other : all_) {
    if (sees(caller, *other) && other->name == snapshot->name)
      return refused(409,
                     "Snapshot with name \"" + snapshot->name + "\" already exists for this organization");
  }
  if (build != nullptr) snapshot->buildInfo = buildInfoOf(*build, world_.now());
  if (build != nullptr) snapshot->errorReason = buildFlaw(snapshot->buildInfo);
  snapshot->id = world_.stage().ids->uuid();
  snapshot->organizationId = caller.organizationId;
  snapshot->state = build != nullptr ? "building" : "pending";
  snapshot->looks = world_.settings().looks;
  snapshot->createdAt = snapshot->updatedAt = world_.now();
  all_.push_back(std::move(snapshot));
  return all_.back().get();
}

Result<Snapshot*> Snapshots::find(const Caller& caller, const std::string& idOrName) {
  for (const auto& snapshot : all_) {
    if (!sees(caller, *snapshot) || (snapshot->id != idOrName && snapshot->name != idOrName)) continue;
    look(*snapshot);
    return snapshot.get();
  }
  return notFound(idOrName);
}

std::vector<Snapshot*> Snapshots::list(const Caller& caller) {
  std::vector<Snapshot*> found;
  for (const auto& snapshot : all_) {
    if (!sees(caller, *snapshot)) continue;
    look(*snapshot);
    found.push_back(snapshot.get());
  }
  return found;
}

Result<void> Snapshots::remove(const Caller& caller, const std::string& id) {
  const auto found = std::ranges::find_if(all_, [&](const auto& snapshot) {
    return snapshot->organizationId == caller.organizationId && snapshot->id == id;
  });
  if (found == all_.end()) return notFound(id);
  all_.erase(found);
  return {};
}

Result<Snapshot*> Snapshots::forCreation(const Caller& caller, const std::string& idOrName) {
  auto found = find(caller, idOrName);
  if (!found) {
    return refused(400, "Snapshot " + idOrName + " not found. Did you add it through the Daytona Dashboard?");
  }
  if ((*found)->state != active)
    return refused(400, "Snapshot " + idOrName + " is " + std::string((*found)->state));
  return found;
}

namespace {

Task<Reply> createSnapshot(Control& control, Call call) {
  auto made = control.snapshots.create(call.caller, call.body);
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return jsonReply(200, toJson(**made));
}

Task<Reply> listSnapshots(Control& control, Call call) {
  const auto& request = call.request();
  auto page = emulation::parseInteger("page", request.queryValue("page").value_or("1"), 1);
  auto limit = emulation::parseInteger("limit", request.queryValue("limit").value_or("100"), 1, largestPage);
  if (!page) co_return std::unexpected(std::move(page).error());
  if (!limit) co_return std::unexpected(std::move(limit).error());
  auto all = control.snapshots.list(call.caller);
  const auto name = request.queryValue("name").value_or("");
  std::erase_if(all,
                [&](const Snapshot* snapshot) { return snapshot->name.find(name) == std::string::npos; });
  json::array items;
  const auto first = static_cast<std::size_t>((*page - 1) * *limit);
  for (std::size_t i = first; i < all.size() && items.size() < static_cast<std::size_t>(*limit); ++i)
    items.emplace_back(toJson(*all[i]));
  json::object body;
  body["items"] = std::move(items);
  body["total"] = all.size();
  body["page"] = *page;
  body["totalPages"] = (static_cast<std::int64_t>(all.size()) + *limit - 1) / *limit;
  co_return jsonReply(200, body);
}

Task<Reply> getSnapshot(Control& control, Call call) {
  auto found = control.snapshots.find(call.caller, call.request().param("id"));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return jsonReply(200, toJson(**found));
}

Task<Reply> deleteSnapshot(Control& control, Call call) {
  auto removed = control.snapshots.remove(call.caller, call.request().param("id"));
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return emulation::emptyReply(200);
}

Task<Reply> activateSnapshot(Control& control, Call call) {
  auto found = control.snapshots.find(call.caller, call.request().param("id"));
  if (!found) co_return std::unexpected(std::move(found).error());
  if ((*found)->state == active) co_return refused(400, "Snapshot " + (*found)->name + " is already active");
  (*found)->state = "pending";
  (*found)->looks = control.world.settings().looks;
  co_return jsonReply(200, toJson(**found));
}

Task<Reply> deactivateSnapshot(Control& control, Call call) {
  auto found = control.snapshots.find(call.caller, call.request().param("id"));
  if (!found) co_return std::unexpected(std::move(found).error());
  (*found)->state = "inactive";
  co_return emulation::emptyReply(204);
}

Task<Reply> buildLogsUrl(Control& control, Call call) {
  auto found = control.snapshots.find(call.caller, call.request().param("id"));
  if (!found) co_return std::unexpected(std::move(found).error());
  json::object body;
  body["url"] = control.world.stage().baseUrl + "/api/snapshots/" + (*found)->id + "/build-logs";
  co_return jsonReply(200, body);
}

Task<Reply> buildLogs(Control& control, Call call) {
  auto found = control.snapshots.find(call.caller, call.request().param("id"));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return emulation::textReply(200, "Building " + (*found)->name + " is only pretended here\n");
}

}  // namespace

void addSnapshotRoutes(ControlRoutes& routes) {
  routes.on("POST", "/snapshots", createSnapshot);
  routes.on("GET", "/snapshots", listSnapshots);
  routes.on("GET", "/snapshots/{id}", getSnapshot);
  routes.on("DELETE", "/snapshots/{id}", deleteSnapshot);
  routes.on("POST", "/snapshots/{id}/activate", activateSnapshot);
  routes.on("POST", "/snapshots/{id}/deactivate", deactivateSnapshot);
  routes.on("GET", "/snapshots/{id}/build-logs-url", buildLogsUrl);
  routes.on("GET", "/snapshots/{id}/build-logs", buildLogs);
}

}  // namespace mooring::daytona::emulator
