#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "exec/script_run.hpp"
#include "rest.hpp"

namespace mooring::sprites {

namespace {

constexpr const char* pageSize = "50";

Error goneError(const std::string& name) {
  auto error = refuse(Errc::gone, "Sprites knows no sprite " + name);
  return std::move(error).error();
}

Task<SpriteList> listPage(AccountPtr account, std::string cursor, CallOptions call) {
  std::vector<std::pair<std::string, std::string>> query;
  query.emplace_back("max_results", pageSize);
  if (!cursor.empty()) query.emplace_back("continuation_token", std::move(cursor));
  auto request = apiRequest(http::Method::get, "/v1/sprites" + http::queryString(query), call);
  auto response = co_await callForSuccess(account, std::move(request), "list sprites");
  if (!response) co_return std::unexpected(std::move(response).error());
  auto list = http::decode<SpriteList>(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "list sprites"));
  if (!list->more) list->nextToken.clear();
  // Some servers list names only: labels, which say whose it is, then take a look each.
  for (auto& sprite : list->sprites) {
    if (sprite.labels) continue;
    auto seen = co_await lookUp(account, sprite.name, call);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (*seen) sprite = std::move(**seen);
  }
  co_return list;
}

/// A sprite whose name is not its key. Presence is certain, absence as certain as a listing is.
Task<std::optional<SpriteView>> findByLabel(AccountPtr account, std::string key, CallOptions call) {
  std::string cursor;
  do {
    auto list = co_await listPage(account, std::move(cursor), call);
    if (!list) co_return std::unexpected(std::move(list).error());
    for (auto& sprite : list->sprites) {
      if (sprite.valueOf(label::key) == key) co_return std::optional<SpriteView>(std::move(sprite));
    }
    cursor = std::move(list->nextToken);
  } while (!cursor.empty());
  co_return std::optional<SpriteView>();
}

Task<std::optional<SpriteView>> findByKey(AccountPtr account, std::string key, CallOptions call) {
  auto seen = co_await lookUp(account, key, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  // The name may be the key of one, and at the same time the name that another was given.
  if (*seen && (*seen)->valueOf(label::key).value_or(key) == key) co_return seen;
  co_return co_await findByLabel(account, std::move(key), std::move(call));
}

Result<std::optional<Instance>> asInstance(Result<std::optional<SpriteView>> seen) {
  if (!seen) return std::unexpected(std::move(seen).error());
  if (!*seen) return std::optional<Instance>();
  auto instance = instanceFrom(**seen);
  if (!instance) return std::unexpected(std::move(instance).error());
  return std::optional<Instance>(std::move(*instance));
}

/// Whether there was one.
Task<bool> deleteSprite(AccountPtr account, std::string name, CallOptions call) {
  const auto what = "delete sprite " + name;
  auto request = apiRequest(http::Method::del, spritePath(name), call);
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return false;
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return true;
}

}  // namespace

Task<std::optional<Instance>> Lifecycle::find(std::string provisionKey, CallOptions call) {
  auto seen = co_await findByKey(account_, std::move(provisionKey), std::move(call));
  co_return asInstance(std::move(seen));
}

Task<std::optional<Instance>> Lifecycle::inspect(ExternalSandboxId id, CallOptions call) {
  auto seen = co_await lookUp(account_, std::move(id.value), std::move(call));
  co_return asInstance(std::move(seen));
}

Task<Attachment> Lifecycle::attach(Instance instance, CallOptions call) {
  const auto name = nameOf(instance);
  auto seen = co_await lookUp(account_, name, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return std::unexpected(goneError(name));
  const bool stopped = (*seen)->has(label::stopped);
  if (stopped) {
    auto woken = co_await endRest(account_, **seen, std::move(call));
    if (!woken) co_return std::unexpected(std::move(woken).error());
    std::erase(*(*seen)->labels, label::stopped);
  }
  auto found = instanceFrom(**seen);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (found->state == InstanceState::failed)
    co_return refuse(Errc::unavailable,
                     "sprite " + name + " was never finished: its creation was interrupted");
  co_return Attachment{.instance = std::move(*found), .woken = stopped};
}

Task<void> Lifecycle::stop(Instance instance, CallOptions call) {
  // Its label says whether it is to be kept: a stop that is made up for later knows no more than the name.
  const auto name = nameOf(instance);
  auto seen = co_await lookUp(account_, name, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return std::unexpected(goneError(name));
  if ((*seen)->has(label::keep)) co_return co_await beginRest(account_, std::move(**seen), std::move(call));
  auto deleted = co_await deleteSprite(account_, name, std::move(call));
  if (!deleted) co_return std::unexpected(std::move(deleted).error());
  co_return Result<void>();
}

Task<void> Lifecycle::destroy(Instance instance, CallOptions call) {
  auto deleted = co_await deleteSprite(account_, nameOf(instance), call);
  if (!deleted) co_return std::unexpected(std::move(deleted).error());
  if (*deleted || !instance.id.empty()) co_return Result<void>();
  auto other = co_await findByLabel(account_, instance.provisionKey, call);
  if (!other) co_return std::unexpected(std::move(other).error());
  if (!*other) co_return Result<void>();
  auto name = std::move((*other)->name);
  auto gone = co_await deleteSprite(account_, std::move(name), std::move(call));
  if (!gone) co_return std::unexpected(std::move(gone).error());
  co_return Result<void>();
}

Task<InstancePage> Lifecycle::list(std::string ownerTag, std::string cursor, CallOptions call) {
  auto list = co_await listPage(account_, std::move(cursor), std::move(call));
  if (!list) co_return std::unexpected(std::move(list).error());
  InstancePage page;
  for (const auto& sprite : list->sprites) {
    if (sprite.valueOf(label::owner) != ownerTag) continue;
    auto instance = instanceFrom(sprite);
    if (!instance) co_return std::unexpected(std::move(instance).error());
    page.instances.push_back(std::move(*instance));
  }
  page.nextCursor = std::move(list->nextToken);
  co_return page;
}

Task<void> Lifecycle::extend(Instance, std::chrono::milliseconds, CallOptions) {
  co_return refuse(Errc::unsupported, "a sprite lives until it is destroyed: there is nothing to extend");
}

}  // namespace mooring::sprites
