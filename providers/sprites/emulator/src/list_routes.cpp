// The list of sprites: page by page, or as it changes.
#include <mooring/emulation/strict.hpp>

#include "errors.hpp"
#include "ndjson.hpp"
#include "paging.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>

#include <deque>

namespace mooring::sprites::emulated {

namespace json = boost::json;

namespace {

/// Errors: 400.
Result<std::size_t> pageSize(const emulation::Request& request) {
  const auto text = request.queryValue("max_results");
  if (!text) return largestPage;
  const auto number = emulation::parseInteger("max_results", *text, 1, largestPage);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::size_t>(*number);
}

struct Listed {
  std::vector<SpritePtr> sprites = {};
  std::optional<std::string> next = {};
};

Result<Listed> listed(const World& world, const Call& call) {
  const auto& request = call.request();
  const auto most = pageSize(request);
  if (!most) return std::unexpected(most.error());
  if (const auto bulk = request.queryValue("bulk_load")) {
    if (auto flag = emulation::parseFlag("bulk_load", *bulk); !flag) return std::unexpected(flag.error());
  }
  const auto all = world.all(call.organization, request.stale);
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const auto& sprite : all)
    names.push_back(sprite->name);
  const auto page = pageOf(names,
                           request.queryValue("prefix").value_or(""),
                           request.queryValue("continuation_token").value_or(""),
                           *most);
  if (!page) return std::unexpected(page.error());
  Listed found;
  found.next = page->next;
  auto next = page->names.begin();
  for (const auto& sprite : all) {
    if (next == page->names.end() || sprite->name != *next) continue;
    found.sprites.push_back(sprite);
    ++next;
  }
  return found;
}

Task<void> list(WorldPtr world, Call call) {
  const auto found = listed(*world, call);
  if (!found) co_return std::unexpected(found.error());
  json::array entries;
  for (const auto& sprite : found->sprites)
    entries.push_back(entryJson(*sprite));
  // Some clients read the counts here, others below "org".
  auto body = countsJson(*world, call.organization);
  body["org"] = countsJson(*world, call.organization);
  body["sprites"] = std::move(entries);
  body["has_more"] = found->next.has_value();
  body["next_continuation_token"] = nullptr;
  if (found->next) body["next_continuation_token"] = *found->next;
  auto reply = emulation::jsonReply(200, body);
  co_return co_await call.exchange->reply(std::move(reply));
}

json::object eventOf(const World& world, const Sprite& sprite) {
  const auto shown = spriteJson(sprite);
  json::object event;
  event["name"] = sprite.name;
  event["status"] = shown.at("status");
  event["running_version"] = runtimeVersion;
  event["last_running_at"] = shown.at("last_running_at");
  event["last_warming_at"] = shown.at("last_warming_at");
  event["timestamp"] = toString(world.now());
  event["org"] = countsJson(world, sprite.organization);
  return event;
}

/// What has happened and is not yet told.
struct News {
  explicit News(const boost::asio::any_io_executor& loop) : come(loop) {}
  std::deque<json::object> events = {};
  emulation::Notice come;
};

/// All that there are, and then every change, for ever.
Task<void> watch(WorldPtr world, Call call) {
  const auto found = listed(*world, call);
  if (!found) co_return std::unexpected(found.error());
  auto news = std::make_shared<News>(world->stage.loop);
  for (const auto& sprite : found->sprites)
    news->events.push_back(eventOf(*world, *sprite));
  const auto prefix = call.request().queryValue("prefix").value_or("");
  const auto organization = call.organization;
  const auto listener = world->listen([world, news, prefix, organization](const Sprite& sprite) {
    if (sprite.organization != organization || !sprite.name.starts_with(prefix)) return;
    news->events.push_back(eventOf(*world, sprite));
    news->come.notify();
  });
  NdjsonReply reply(call.exchange);
  auto sent = co_await reply.begin();
  while (sent) {
    if (news->events.empty()) {
      auto woken = co_await emulation::within<void>(news->come.wait(), world->knobs.heartbeat);
      if (!woken.result && !woken.late) co_return std::move(woken.result);
    }
    json::object event;
    if (news->events.empty()) {
      event["type"] = "heartbeat";
    } else {
      event = std::move(news->events.front());
      news->events.pop_front();
    }
    sent = co_await reply.say(std::move(event));
  }
  co_return sent;
}

Task<void> listOrWatch(WorldPtr world, Call call) {
  const auto accepted = call.request().headers.get("Accept").value_or("");
  const bool watches = accepted.find("application/x-ndjson") != std::string_view::npos;
  auto answering = watches ? watch(std::move(world), std::move(call))
                           : list(std::move(world), std::move(call));
  co_return co_await std::move(answering);
}

}  // namespace

void addListRoutes(Routes& routes) {
  routes.stream(
      "GET", "/v1/sprites", {"prefix", "max_results", "continuation_token", "bulk_load"}, listOrWatch);
}

}  // namespace mooring::sprites::emulated
