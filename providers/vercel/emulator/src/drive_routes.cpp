// Drives: storage that outlives sandboxes.
#include <mooring/emulation/strict.hpp>

#include "errors.hpp"
#include "limits.hpp"
#include "paging.hpp"
#include "requests.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

json::object shownDrive(const World& world, const Drive& drive) {
  const auto writer = world.sessions.find(drive.writer);
  return driveJson(drive, writer == world.sessions.end() ? std::string() : writer->second->sandboxName);
}

json::object driveReply(const World& world, const Drive& drive) {
  json::object reply;
  reply["drive"] = shownDrive(world, drive);
  return reply;
}

Result<void> checkName(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= longestDriveName &&
                     std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '-' || c == '_';
                     });
  if (plain) return {};
  return refused(400, "Invalid request: `name` should match pattern \"^[A-Za-z0-9_-]{1,64}$\"");
}

/// Gets it, or makes it.
Task<Reply> ensure(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = parseDrive(*body);
  if (!request) co_return std::unexpected(std::move(request).error());
  if (request->projectId) call.scope.project = *request->projectId;
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto name = call.param("name");
  if (auto good = checkName(name); !good) co_return std::unexpected(std::move(good).error());
  if (auto there = world->drive(call.scope, name)) {
    const bool same = request->region.value_or((*there)->region) == (*there)->region &&
                      request->maxSizeBytes.value_or((*there)->maxSizeBytes) == (*there)->maxSizeBytes;
    if (!same) co_return refused(409, "Drive '" + name + "' already exists with another size or region.");
    co_return jsonReply(200, driveReply(*world, **there));
  }
  auto drive = std::make_shared<Drive>();
  drive->id = world->newDriveId();
  drive->name = name;
  drive->scope = call.scope;
  drive->region = request->region.value_or("iad1");
  drive->maxSizeBytes = request->maxSizeBytes.value_or(world->knobs.plan.driveSize);
  drive->createdAt = world->now();
  drive->updatedAt = drive->createdAt;
  world->drives[{call.scope, name}] = drive;
  auto volume = world->background->begin<void>(world->stage.machines->ensureVolume(drive->id));
  auto made = co_await volume->result();
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return jsonReply(201, driveReply(*world, *drive));
}

std::string keyOf(const Drive& drive, const std::string& sortBy) {
  if (sortBy == "name") return drive.name;
  return sortable(sortBy == "createdAt" ? drive.createdAt : drive.updatedAt) + " " + drive.name;
}

Task<Reply> list(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto sortBy = call.request().queryValue("sortBy").value_or("createdAt");
  if (sortBy != "createdAt" && sortBy != "updatedAt" && sortBy != "name") {
    co_return refused(400, "Invalid request: `sortBy` must be one of: createdAt, updatedAt, name");
  }
  const auto prefix = call.request().queryValue("namePrefix").value_or("");
  if (!prefix.empty() && sortBy != "name") {
    co_return refused(400, "Invalid request: `namePrefix` can only be used when `sortBy` is name");
  }
  std::vector<DrivePtr> all;
  for (const auto& [key, drive] : world->drives) {
    if (drive->scope == call.scope && drive->name.starts_with(prefix)) all.push_back(drive);
  }
  auto page = pageOf(
      std::move(all), call.request(), [&](const DrivePtr& drive) { return keyOf(*drive, sortBy); });
  if (!page) co_return std::unexpected(std::move(page).error());
  json::array shown;
  for (const auto& drive : page->items)
    shown.push_back(shownDrive(*world, *drive));
  json::object reply;
  reply["drives"] = std::move(shown);
  reply["pagination"] = std::move(page->pagination);
  co_return jsonReply(200, reply);
}

Task<Reply> get(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto wanted = call.param("name");
  for (const auto& [key, drive] : world->drives) {
    const bool its = drive->scope == call.scope && (drive->name == wanted || drive->id == wanted);
    if (its) co_return jsonReply(200, driveReply(*world, *drive));
  }
  co_return refused(404, "Drive '" + wanted + "' not found for this project.");
}

bool isMounted(const World& world, const Drive& drive) {
  return std::ranges::any_of(world.sessions, [&](const auto& entry) {
    const auto& session = *entry.second;
    if (session.over() || session.scope != drive.scope) return false;
    return std::ranges::any_of(session.settings.mounts,
                               [&](const auto& mount) { return mount.second.drive == drive.name; });
  });
}

Task<Reply> remove(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  auto drive = world->drive(call.scope, call.param("name"));
  if (!drive) co_return std::unexpected(std::move(drive).error());
  if (isMounted(*world, **drive))
    co_return refused(409, "Drive '" + (*drive)->name + "' is attached to a sandbox.");
  world->drives.erase({call.scope, (*drive)->name});
  auto volume = world->background->begin<void>(world->stage.machines->removeVolume((*drive)->id));
  auto removed = co_await volume->result();
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return jsonReply(200, driveReply(*world, **drive));
}

}  // namespace

void addDriveRoutes(Routes& routes) {
  routes.on("GET",
            "/v2/sandboxes/drives",
            {"projectId", "limit", "cursor", "sortBy", "sortOrder", "namePrefix"},
            list);
  routes.on("POST", "/v2/sandboxes/drives/{name}", {}, ensure);
  routes.on("POST", "/v1/drives/{name}", {}, ensure);
  routes.on("GET", "/v2/sandboxes/drives/{name}", {"projectId"}, get);
  routes.on("DELETE", "/v2/sandboxes/drives/{name}", {"projectId"}, remove);
}

}  // namespace mooring::vercel::emulated
