// Policies: what a sprite may reach, do and use. Checked, kept and shown.
#include <mooring/emulation/strict.hpp>

#include "routes.hpp"

#include <boost/json/array.hpp>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::Members;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::int64_t largestMemory = 1 << 20;

Result<void> checkRule(const json::value& value) {
  if (!value.is_object()) return refused(400, "a rule must be an object");
  Members members(value.get_object(), "rules");
  const auto domain = members.optionalText("domain");
  const auto action = members.optionalChoice("action", {"allow", "deny"});
  const auto include = members.optionalChoice("include", {"defaults"});
  if (include && (domain || action)) members.refuse("include", "stands alone");
  if (!include && (!domain || domain->empty())) members.refuse("domain", "is required");
  if (!include && !action) members.refuse("action", "is required");
  return members.done();
}

Result<void> checkNetwork(const json::object& policy) {
  Members members(policy);
  const auto* rules = members.optionalArray("rules");
  if (rules == nullptr) members.refuse("rules", "is required");
  if (auto good = members.done(); !good) return good;
  for (const auto& rule : *rules) {
    if (auto good = checkRule(rule); !good) return good;
  }
  return {};
}

Result<void> checkPrivileges(const json::object& policy) {
  Members members(policy);
  members.optionalChoice("profile", {"", "minimal", "standard", "privileged"});
  members.optionalTextList("devices");
  members.optionalFlag("noNewPrivileges");
  return members.done();
}

Result<void> checkResources(const json::object& policy) {
  Members members(policy);
  const auto* memory = members.optionalObject("memory");
  if (auto good = members.done(); !good || memory == nullptr) return good;
  Members inner(*memory, "memory");
  inner.integer("limit_mb", 1, largestMemory);
  inner.optionalFlag("autoscale");
  return inner.done();
}

json::object usualPolicy(std::string_view kind) {
  if (kind == "network") return {{"rules", json::array()}};
  if (kind == "privileges") return {{"profile", ""}};
  return {};
}

Result<void> checkPolicy(std::string_view kind, const json::object& policy) {
  if (kind == "network") return checkNetwork(policy);
  return kind == "privileges" ? checkPrivileges(policy) : checkResources(policy);
}

/// The last part of the route's name.
std::string kindOf(const Call& call) {
  const auto& route = call.request().route;
  return route.substr(route.rfind('/') + 1);
}

Task<Reply> get(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const auto kind = kindOf(call);
  const auto known = awake->sprite->policies.find(kind);
  if (known != awake->sprite->policies.end()) co_return emulation::jsonReply(200, known->second);
  co_return emulation::jsonReply(200, usualPolicy(kind));
}

Task<Reply> set(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto policy = emulation::parseObject(*body);
  if (!policy) co_return std::unexpected(std::move(policy).error());
  const auto kind = kindOf(call);
  if (auto good = checkPolicy(kind, *policy); !good) co_return std::unexpected(std::move(good).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  awake->sprite->policies[kind] = std::move(*policy);
  co_return emulation::emptyReply(204);
}

Task<Reply> clear(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  awake->sprite->policies.erase(kindOf(call));
  co_return emulation::emptyReply(204);
}

}  // namespace

void addPolicyRoutes(Routes& routes) {
  for (const auto* path : {"/policy/network", "/policy/privileges", "/policy/resources"}) {
    routes.onSprite("GET", path, {}, get);
    routes.onSprite("POST", path, {}, set);
  }
  routes.onSprite("DELETE", "/policy/privileges", {}, clear);
  routes.onSprite("DELETE", "/policy/resources", {}, clear);
}

}  // namespace mooring::sprites::emulated
