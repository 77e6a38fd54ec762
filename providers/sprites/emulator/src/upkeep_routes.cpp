// Sprites upgraded, restarted and checked; the organization and its tokens.
#include <mooring/emulation/strict.hpp>

#include "account.hpp"
#include "routes.hpp"
#include "wire.hpp"

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::Reply;

namespace {

Task<Reply> upgrade(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto object = emulation::parseObject(*body);
  if (!object) co_return std::unexpected(object.error());
  emulation::Members members(*object);
  members.optionalText("version");
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  (*sprite)->updatedAt = world->now();
  co_return emulation::emptyReply(204);
}

Task<Reply> restartIt(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  const auto restarting = world->background->begin<void>(restart(world, *sprite));
  auto restarted = co_await restarting->result();
  if (!restarted) co_return std::unexpected(std::move(restarted).error());
  json::object body;
  body["sprite_name"] = (*sprite)->name;
  body["machine_id"] = emulation::digestOf((*sprite)->id).substr(0, 14);
  body["message"] = "Sprite restart initiated";
  co_return jsonReply(202, body);
}

Task<Reply> check(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  const bool awake = (*sprite)->sleep.status() == Status::running;
  json::object body;
  body["sprite_name"] = (*sprite)->name;
  body["sprite_id"] = (*sprite)->id;
  body["status"] = (*sprite)->away ? "unhealthy" : awake ? "healthy" : "hibernated";
  body["reason"] = nullptr;
  body["checked_at"] = toString(world->now());
  body["elapsed"] = "1ms";
  co_return jsonReply(200, body);
}

Task<Reply> organization(WorldPtr world, Call call) {
  const auto counts = countsJson(*world, call.organization);
  json::object inner;
  inner["slug"] = call.organization;
  inner["sprites_enabled"] = true;
  inner["active_sprites"] = counts.at("running");
  inner["max_sprites"] = nullptr;
  inner["active_sprite_limit"] = counts.at("running_limit");
  json::object body;
  body["organization"] = std::move(inner);
  co_return jsonReply(200, body);
}

Task<void> mint(WorldPtr world, Call call) {
  if (auto known = checkMacaroon(call.request()); !known) co_return known;
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto object = emulation::parseObject(*body);
  if (!object) co_return std::unexpected(object.error());
  emulation::Members members(*object);
  members.optionalText("description");
  members.optionalText("invite_code");
  if (auto good = members.done(); !good) co_return good;
  json::object minted;
  minted["token"] = world->knobs.token.empty()
                        ? tokenFor(call.param("organization"), world->stage.ids->uuid())
                        : world->knobs.token;
  auto reply = jsonReply(200, minted);
  co_return co_await call.exchange->reply(std::move(reply));
}

}  // namespace

void addUpkeepRoutes(Routes& routes) {
  routes.onSprite("POST", "/upgrade", {}, upgrade);
  routes.onSprite("POST", "/restart", {}, restartIt);
  routes.onSprite("GET", "/check", {}, check);
  routes.on("GET", "/v1/organization", {}, organization);
  routes.bare("POST", "/v1/organizations/{organization}/tokens", mint);
}

}  // namespace mooring::sprites::emulated
