// Named sandboxes: found, listed, changed, deleted.
#include "errors.hpp"
#include "lifecycle.hpp"
#include "paging.hpp"
#include "preview.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>

#include <set>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

Task<Reply> get(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto resume = emulation::parseFlag("`resume`", call.request().queryValue("resume").value_or("false"));
  if (!resume) co_return std::unexpected(resume.error());
  auto sandbox = world->sandbox(call.scope, call.param("name"));
  if (sandbox && call.request().stale) {
    // Not to be seen yet.
    co_return refused(404, "Named sandbox '" + call.param("name") + "' not found for this project.");
  }
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  bool resumed = false;
  if (*resume) {
    auto woken = co_await wake(world, *sandbox);
    if (!woken) co_return std::unexpected(std::move(woken).error());
    resumed = *woken;
  }
  auto place = placeJson(**sandbox, world->now());
  place["sandbox"] = sandboxJson(**sandbox, world->now(), true);
  place["resumed"] = resumed;
  co_return jsonReply(200, place);
}

struct Filter {
  std::string prefix = {};
  std::string status = {};
  std::string tagName = {};
  std::string tagValue = {};

  [[nodiscard]] bool admits(const Sandbox& sandbox) const {
    if (!sandbox.name.starts_with(prefix)) return false;
    if (!status.empty() && toString(sandbox.current()->status) != status) return false;
    if (tagName.empty()) return true;
    const auto tag = sandbox.settings.tags.find(tagName);
    return tag != sandbox.settings.tags.end() && tag->second == tagValue;
  }
};

Result<Filter> filterFrom(const emulation::Request& request, const std::string& sortBy) {
  Filter filter;
  filter.prefix = request.queryValue("namePrefix").value_or("");
  if (!filter.prefix.empty() && sortBy != "name") {
    return refused(400, "Invalid request: `namePrefix` can only be used when `sortBy` is name");
  }
  filter.status = request.queryValue("status").value_or("");
  if (!filter.status.empty()) {
    if (sortBy != "createdAt")
      return refused(400, "Invalid request: `status` needs `sortBy` to be createdAt");
    if (filter.status != "running" && filter.status != "stopping" && filter.status != "stopped") {
      return refused(400, "Invalid request: `status` must be one of: running, stopping, stopped");
    }
  }
  const auto tags = request.queryValues("tags");
  if (tags.size() > 1) return refused(400, "Invalid request: `tags` must NOT have more than 1 items");
  if (tags.empty()) return filter;
  const auto colon = tags.front().find(':');
  if (colon == std::string::npos || colon == 0)
    return refused(400, "Invalid request: `tags` must be key:value");
  filter.tagName = tags.front().substr(0, colon);
  filter.tagValue = tags.front().substr(colon + 1);
  return filter;
}

std::string sortKey(const Sandbox& sandbox, const std::string& sortBy) {
  if (sortBy == "name") return sandbox.name;
  if (sortBy == "currentSnapshotId") return sandbox.currentSnapshotId + " " + sandbox.name;
  return sortable(sortBy == "createdAt" ? sandbox.createdAt : sandbox.statusUpdatedAt) + " " + sandbox.name;
}

Task<Reply> list(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto sortBy = call.request().queryValue("sortBy").value_or("createdAt");
  const std::set<std::string> known = {"createdAt", "name", "statusUpdatedAt", "currentSnapshotId"};
  if (!known.contains(sortBy)) {
    co_return refused(
        400, "Invalid request: `sortBy` must be one of: createdAt, name, statusUpdatedAt, currentSnapshotId");
  }
  auto filter = filterFrom(call.request(), sortBy);
  if (!filter) co_return std::unexpected(std::move(filter).error());
  std::vector<SandboxPtr> all;
  if (call.request().stale) {
    all = world->formerSandboxes;
  } else {
    for (const auto& [key, sandbox] : world->sandboxes)
      all.push_back(sandbox);
  }
  std::erase_if(all, [&](const SandboxPtr& sandbox) {
    return sandbox->scope != call.scope || !filter->admits(*sandbox);
  });
  auto page = pageOf(
      std::move(all), call.request(), [&](const SandboxPtr& one) { return sortKey(*one, sortBy); });
  if (!page) co_return std::unexpected(std::move(page).error());
  json::array shown;
  for (const auto& sandbox : page->items)
    shown.push_back(sandboxJson(*sandbox, world->now(), true));
  json::object body;
  body["sandboxes"] = std::move(shown);
  body["pagination"] = std::move(page->pagination);
  co_return jsonReply(200, body);
}

Task<Reply> update(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  auto request = parseUpdate(*body, world->knobs.plan);
  if (!request) co_return std::unexpected(std::move(request).error());
  auto found = world->sandbox(call.scope, call.param("name"));
  if (!found) co_return std::unexpected(std::move(found).error());
  auto& sandbox = **found;
  if (request->currentSnapshotId) {
    auto snapshot = usableSnapshot(*world, call.scope.team, *request->currentSnapshotId);
    if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
    sandbox.currentSnapshotId = *request->currentSnapshotId;
  }
  request->wishes.applyTo(sandbox.settings);
  if (request->wishes.ports) {
    auto routed = setRoutes(*world, sandbox, *request->wishes.ports);
    if (!routed) co_return std::unexpected(std::move(routed).error());
  }
  sandbox.updatedAt = world->now();
  json::object reply;
  reply["sandbox"] = sandboxJson(sandbox, world->now(), false);
  reply["routes"] = routesJson(sandbox);
  co_return jsonReply(200, reply);
}

void dropOrphans(World& world, const Sandbox& sandbox) {
  for (const auto& [id, snapshot] : world.snapshots) {
    const bool its = snapshot->scope == sandbox.scope && snapshot->sandboxName == sandbox.name;
    if (its) deleteSnapshot(world, *snapshot);
  }
}

Task<Reply> remove(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto orphans = call.request().queryValue("deleteOrphanSnapshots").value_or("false");
  const auto dropping = emulation::parseFlag("`deleteOrphanSnapshots`", orphans);
  if (!dropping) co_return std::unexpected(dropping.error());
  auto found = world->sandbox(call.scope, call.param("name"));
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto sandbox = *found;
  auto deleting = world->background->begin<void>(deleteSandbox(world, sandbox));
  auto gone = co_await deleting->result();
  if (!gone) co_return std::unexpected(std::move(gone).error());
  if (*dropping) dropOrphans(*world, *sandbox);
  json::object reply;
  reply["sandbox"] = sandboxJson(*sandbox, world->now(), true);
  co_return jsonReply(200, reply);
}

}  // namespace

void addSandboxRoutes(Routes& routes) {
  routes.on("GET",
            "/v2/sandboxes",
            {"project", "limit", "cursor", "sortBy", "sortOrder", "namePrefix", "status", "tags"},
            list);
  routes.on("GET", "/v2/sandboxes/{name}", {"projectId", "resume"}, get);
  routes.on("PATCH", "/v2/sandboxes/{name}", {"projectId"}, update);
  routes.on("DELETE", "/v2/sandboxes/{name}", {"projectId", "deleteOrphanSnapshots"}, remove);
}

}  // namespace mooring::vercel::emulated
