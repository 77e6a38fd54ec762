#include "wire.hpp"

#include <boost/json/value_from.hpp>

#include <algorithm>

namespace mooring::sprites::emulated {

namespace json = boost::json;

namespace {

json::value timeOrNull(const std::optional<Timestamp>& at) {
  return at ? json::value(toString(*at)) : json::value(nullptr);
}

json::object urlSettingsJson(const UrlSettings& settings) {
  return {{"auth", settings.auth}, {"private_access", settings.privateAccess}};
}

}  // namespace

json::object spriteJson(const Sprite& sprite) {
  json::object object;
  object["id"] = sprite.id;
  object["name"] = sprite.name;
  object["organization"] = sprite.organization;
  object["status"] = toString(sprite.sleep.status());
  object["url"] = sprite.url;
  object["url_settings"] = urlSettingsJson(sprite.urlSettings);
  object["labels"] = json::value_from(sprite.labels);
  object["version"] = runtimeVersion;
  object["environment_version"] = runtimeVersion;
  object["created_at"] = toString(sprite.createdAt);
  object["updated_at"] = toString(sprite.updatedAt);
  object["last_running_at"] = timeOrNull(sprite.lastRunningAt);
  object["last_warming_at"] = timeOrNull(sprite.lastWarmingAt);
  return object;
}

json::object entryJson(const Sprite& sprite) {
  auto object = spriteJson(sprite);
  object.erase("organization");
  object["org_slug"] = sprite.organization;
  return object;
}

json::object countsJson(const World& world, const std::string& organization) {
  const auto all = world.all(organization);
  const auto count = [&](Status status) {
    return std::ranges::count_if(all, [&](const auto& sprite) { return sprite->sleep.status() == status; });
  };
  constexpr int shownLimit = 10;
  const auto limit = world.knobs.mostActive > 0 ? world.knobs.mostActive : shownLimit;
  json::object object;
  object["name"] = organization;
  object["running"] = count(Status::running);
  object["warm"] = count(Status::warm);
  object["cold"] = count(Status::cold);
  object["running_limit"] = limit;
  object["warm_limit"] = limit;
  return object;
}

}  // namespace mooring::sprites::emulated
