// Snapshots: found, listed, deleted, and their family tree.
#include <mooring/emulation/strict.hpp>

#include "errors.hpp"
#include "lifecycle.hpp"
#include "paging.hpp"
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

std::string keyOf(const SnapshotPtr& snapshot) { return sortable(snapshot->createdAt) + " " + snapshot->id; }

std::vector<SnapshotPtr> snapshotsOf(const World& world, const Scope& scope) {
  std::vector<SnapshotPtr> all;
  for (const auto& [id, snapshot] : world.snapshots) {
    if (snapshot->scope == scope) all.push_back(snapshot);
  }
  return all;
}

json::object snapshotReply(const Snapshot& snapshot) {
  json::object reply;
  reply["snapshot"] = snapshotJson(snapshot);
  return reply;
}

Task<Reply> list(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto name = call.request().queryValue("name");
  auto all = snapshotsOf(*world, call.scope);
  std::erase_if(all, [&](const SnapshotPtr& snapshot) {
    return snapshot->status == "deleted" || (name && snapshot->sandboxName != *name);
  });
  auto page = pageOf(std::move(all), call.request(), keyOf);
  if (!page) co_return std::unexpected(std::move(page).error());
  json::array shown;
  for (const auto& snapshot : page->items)
    shown.push_back(snapshotJson(*snapshot));
  json::object reply;
  reply["snapshots"] = std::move(shown);
  reply["pagination"] = std::move(page->pagination);
  co_return jsonReply(200, reply);
}

Task<Reply> get(WorldPtr world, Call call) {
  auto snapshot = world->snapshot(call.scope.team, call.param("snapshotId"));
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
  co_return jsonReply(200, snapshotReply(**snapshot));
}

Task<Reply> remove(WorldPtr world, Call call) {
  auto snapshot = world->snapshot(call.scope.team, call.param("snapshotId"));
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
  deleteSnapshot(*world, **snapshot);
  co_return jsonReply(200, snapshotReply(**snapshot));
}

/// A snapshot among those that have the same parent.
json::object nodeJson(const std::vector<SnapshotPtr>& all, const Snapshot& snapshot) {
  json::array siblings;
  for (const auto& other : all) {
    if (other->id != snapshot.id && other->parentId == snapshot.parentId)
      siblings.push_back(snapshotJson(*other));
  }
  json::object node;
  node["snapshot"] = snapshotJson(snapshot);
  node["count"] = std::to_string(siblings.size());
  node["siblings"] = std::move(siblings);
  return node;
}

/// From a snapshot to its ancestors ("desc"), or to its descendants ("asc"), the nearest first.
std::vector<SnapshotPtr> lineOf(const World& world, const SnapshotPtr& anchor, bool descending) {
  std::vector<SnapshotPtr> line;
  for (auto at = anchor; at;) {
    SnapshotPtr next;
    for (const auto& [id, other] : world.snapshots) {
      const bool follows = descending ? other->id == at->parentId : other->parentId == at->id;
      if (follows && (!next || other->createdAt < next->createdAt)) next = other;
    }
    if (next) line.push_back(next);
    at = next;
  }
  return line;
}

Task<Reply> tree(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto id = call.request().queryValue("snapshotId");
  if (!id) co_return refused(400, "Invalid request: missing required property `snapshotId`.");
  auto anchor = world->snapshot(call.scope.team, *id);
  if (!anchor) co_return std::unexpected(std::move(anchor).error());
  const auto descending = isDescending(call.request());
  if (!descending) co_return std::unexpected(descending.error());
  const auto limit = emulation::parseInteger(
      "`limit`", call.request().queryValue("limit").value_or("20"), 1, largestPage);
  if (!limit) co_return std::unexpected(limit.error());
  const auto all = snapshotsOf(*world, call.scope);
  auto line = lineOf(*world, *anchor, *descending);
  const bool more = static_cast<std::int64_t>(line.size()) > *limit;
  if (more) line.resize(static_cast<std::size_t>(*limit));
  json::array nodes;
  for (const auto& snapshot : line)
    nodes.push_back(nodeJson(all, *snapshot));
  json::object pagination;
  pagination["count"] = line.size();
  pagination["next"] = nullptr;
  if (more) pagination["next"] = line.back()->id;
  json::object reply;
  reply["snapshots"] = std::move(nodes);
  reply["anchor"] = nodeJson(all, **anchor);
  reply["pagination"] = std::move(pagination);
  co_return jsonReply(200, reply);
}

}  // namespace

void addSnapshotRoutes(Routes& routes) {
  routes.on("GET", "/v2/sandboxes/snapshots", {"project", "name", "limit", "cursor", "sortOrder"}, list);
  routes.on("GET", "/v2/sandboxes/snapshots/tree", {"project", "snapshotId", "limit", "sortOrder"}, tree);
  routes.on("GET", "/v2/sandboxes/snapshots/{snapshotId}", {}, get);
  routes.on("DELETE", "/v2/sandboxes/snapshots/{snapshotId}", {}, remove);
}

}  // namespace mooring::vercel::emulated
