// Sessions: looked at, stopped, extended, confined, snapshotted.
#include <mooring/emulation/strict.hpp>

#include "errors.hpp"
#include "lifecycle.hpp"
#include "paging.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr Millis weekMs = 7 * dayMs;

json::object sessionReply(const Session& session, Millis now) {
  json::object reply;
  reply["session"] = sessionJson(session, now);
  return reply;
}

Task<Reply> list(WorldPtr world, Call call) {
  if (auto known = requireProject(*world, call); !known) co_return std::unexpected(std::move(known).error());
  const auto name = call.request().queryValue("name");
  std::vector<SessionPtr> all;
  for (const auto& [id, session] : world->sessions) {
    if (session->scope == call.scope && (!name || session->sandboxName == *name)) all.push_back(session);
  }
  auto page = pageOf(std::move(all), call.request(), [](const SessionPtr& session) {
    return sortable(session->requestedAt) + " " + session->id;
  });
  if (!page) co_return std::unexpected(std::move(page).error());
  json::array shown;
  for (const auto& session : page->items)
    shown.push_back(sessionJson(*session, world->now()));
  json::object body;
  body["sessions"] = std::move(shown);
  body["pagination"] = std::move(page->pagination);
  co_return jsonReply(200, body);
}

Task<Reply> get(WorldPtr world, Call call) {
  auto session = world->session(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  auto reply = sessionReply(**session, world->now());
  const auto sandbox = (*session)->sandbox.lock();
  reply["routes"] = sandbox ? routesJson(*sandbox) : json::array();
  co_return jsonReply(200, reply);
}

/// As often as one likes: a stopped one stays stopped.
Task<Reply> stop(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto object = parsePublic(*body);
  if (!object) co_return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  auto session = world->session(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  if ((*session)->over()) (*session)->requestedStopAt = world->now();
  auto stopped = co_await settle(world, *session, Ending::stop, std::nullopt);
  if (!stopped) co_return std::unexpected(std::move(stopped).error());
  auto reply = sessionReply(**session, world->now());
  if (const auto sandbox = (*session)->sandbox.lock())
    reply["sandbox"] = sandboxJson(*sandbox, world->now(), true);
  if (const auto snapshot = (*session)->lastSnapshot) reply["snapshot"] = snapshotJson(*snapshot);
  co_return jsonReply(200, reply);
}

Task<Reply> extendTimeout(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto object = parsePublic(*body);
  if (!object) co_return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  const auto duration = members.integer("duration", 1000, world->knobs.plan.longestTimeout);
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  auto& settings = (*session)->settings;
  if (settings.timeout + duration > world->knobs.plan.longestTimeout) {
    const auto most = std::to_string(world->knobs.plan.longestTimeout / 60'000);
    co_return refused(400, "Invalid request: the timeout of a session should be <= " + most + "m");
  }
  settings.timeout += duration;
  touch(*world, **session, Status::running);
  armExpiry(world, *session);
  co_return jsonReply(200, sessionReply(**session, world->now()));
}

/// Noted and shown; what a machine may reach is settled when it is made.
Task<Reply> setPolicy(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto object = parsePublic(*body);
  if (!object) co_return std::unexpected(std::move(object).error());
  auto policy = parsePolicy(*object);
  if (!policy) co_return std::unexpected(std::move(policy).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  (*session)->settings.networkPolicy = std::move(*policy);
  touch(*world, **session, Status::running);
  co_return jsonReply(200, sessionReply(**session, world->now()));
}

Task<Reply> takeSnapshot(WorldPtr world, Call call, Millis usualLife) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto life = parseSnapshot(*body);
  if (!life) co_return std::unexpected(std::move(life).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  const auto kept = life->value_or((*session)->settings.snapshotExpiration.value_or(usualLife));
  auto taken = co_await settle(world, *session, Ending::snapshot, kept);
  if (!taken) co_return std::unexpected(std::move(taken).error());
  auto reply = sessionReply(**session, world->now());
  if (!(*session)->lastSnapshot) co_return refused(500, "The snapshot could not be created.");
  reply["snapshot"] = snapshotJson(*(*session)->lastSnapshot);
  co_return jsonReply(201, reply);
}

Task<Reply> snapshotV2(WorldPtr world, Call call) {
  return takeSnapshot(std::move(world), std::move(call), 30 * dayMs);
}
Task<Reply> snapshotV3(WorldPtr world, Call call) {
  return takeSnapshot(std::move(world), std::move(call), weekMs);
}

}  // namespace

void addSessionRoutes(Routes& routes) {
  routes.on("GET", "/v2/sandboxes/sessions", {"project", "name", "limit", "cursor", "sortOrder"}, list);
  routes.on("GET", "/v2/sandboxes/sessions/{sessionId}", {}, get);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/stop", {}, stop);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/extend-timeout", {}, extendTimeout);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/network-policy", {}, setPolicy);
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/snapshot", {}, snapshotV2);
  routes.on("POST", "/v3/sandboxes/sessions/{sessionId}/snapshot", {}, snapshotV3);
}

}  // namespace mooring::vercel::emulated
