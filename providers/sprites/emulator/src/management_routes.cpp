// Sprites made, looked at, changed and deleted.
#include <mooring/http/headers.hpp>

#include "errors.hpp"
#include "routes.hpp"
#include "wire.hpp"
#include "wishes.hpp"

namespace mooring::sprites::emulated {

using emulation::jsonReply;
using emulation::Reply;

namespace {

bool saysJson(const emulation::Request& request) {
  return http::mediaType(request.headers.get("Content-Type").value_or("")) == "application/json";
}

Task<Reply> create(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto wish = parseCreate(*body, saysJson(call.request()));
  if (!wish) co_return std::unexpected(wish.error());
  auto sprite = world->add(call.organization, wish->name);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  wish->changes.applyTo(**sprite);
  world->tell(**sprite);
  if (world->knobs.create.count() > 0) {
    auto waited = co_await emulation::sleepFor(world->knobs.create);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return jsonReply(201, spriteJson(**sprite));
}

/// Looking at it neither wakes it nor keeps it awake.
Task<Reply> get(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  co_return jsonReply(200, spriteJson(**sprite));
}

Task<Reply> update(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto changes = parseUpdate(*body);
  if (!changes) co_return std::unexpected(changes.error());
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  changes->applyTo(**sprite);
  (*sprite)->updatedAt = world->now();
  world->tell(**sprite);
  co_return jsonReply(200, spriteJson(**sprite));
}

Task<Reply> remove(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  auto removing = world->background->begin<void>(emulated::remove(world, *sprite));
  auto removed = co_await removing->result();
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return emulation::emptyReply(204);
}

}  // namespace

void addManagementRoutes(Routes& routes) {
  routes.on("POST", "/v1/sprites", {}, create);
  routes.onSprite("GET", "", {}, get);
  routes.onSprite("PUT", "", {}, update);
  routes.onSprite("DELETE", "", {}, remove);
}

}  // namespace mooring::sprites::emulated
