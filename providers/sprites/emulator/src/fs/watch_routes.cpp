// Files watched over a WebSocket.
#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/text.hpp>

#include "fs/paths.hpp"
#include "fs/snapshot.hpp"
#include "guest_socket.hpp"
#include "routes.hpp"

#include <boost/json/value_from.hpp>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::refused;

namespace {

struct Subscription {
  std::vector<std::string> paths = {};
  bool recursive = false;
};

/// The first message. Errors: 400.
Result<Subscription> subscriptionFrom(const std::optional<http::Message>& message) {
  if (!message || !message->text) return refused(400, "the first message must be a text of type subscribe");
  const auto object = emulation::parseObject(message->data);
  if (!object) return std::unexpected(object.error());
  emulation::Members members(*object);
  if (members.text("type") != "subscribe") members.refuse("type", "must be subscribe");
  Subscription subscription;
  subscription.recursive = members.optionalFlag("recursive").value_or(false);
  const auto directory = members.optionalText("workingDir").value_or("");
  const auto paths = members.optionalTextList("paths").value_or(std::vector<std::string>());
  if (paths.empty()) members.refuse("paths", "must not be empty");
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  for (const auto& path : paths)
    subscription.paths.push_back(placed(path, directory));
  return subscription;
}

/// A directory's entries, or the thing itself. What is not there is not there.
Task<void> look(emulation::Machine& machine, std::string path, bool recursive, Snapshot& snapshot) {
  auto info = co_await machine.stat(path);
  if (!info && info.error().code == Errc::notFound) co_return Result<void>();
  if (!info) co_return std::unexpected(std::move(info).error());
  if (info->type != FileType::directory) {
    snapshot[path] = std::move(*info);
    co_return Result<void>();
  }
  auto inside = co_await machine.list(path);
  if (!inside && inside.error().code == Errc::notFound) co_return Result<void>();
  if (!inside) co_return std::unexpected(std::move(inside).error());
  for (const auto& entry : *inside) {
    const auto child = childOf(path, entry.name);
    snapshot[child] = entry;
    if (!recursive || entry.type != FileType::directory) continue;
    auto below = co_await look(machine, child, recursive, snapshot);
    if (!below) co_return below;
  }
  co_return Result<void>();
}

Task<Snapshot> lookAt(emulation::Machine& machine, Subscription subscription) {
  Snapshot snapshot;
  for (const auto& path : subscription.paths) {
    auto looked = co_await look(machine, path, subscription.recursive, snapshot);
    if (!looked) co_return std::unexpected(std::move(looked).error());
  }
  co_return snapshot;
}

json::object eventOf(const World& world, const FileChange& change) {
  json::object event;
  event["type"] = "event";
  event["path"] = emulation::validUtf8(change.path);
  event["event"] = change.event;
  event["timestamp"] = toString(world.now());
  event["size"] = change.size;
  event["isDir"] = change.isDirectory;
  return event;
}

Task<void> tell(WorldPtr world, GuestSocket& client, Awake awake, Subscription subscription) {
  auto known = co_await lookAt(awake.machine(), subscription);
  if (!known) co_return std::unexpected(std::move(known).error());
  json::object first;
  first["type"] = "subscribed";
  first["paths"] = json::value_from(subscription.paths);
  auto told = co_await client.say(std::move(first));
  while (told && !client.gone()) {
    told = co_await client.rest(world->knobs.look);
    if (!told || client.gone()) break;
    auto now = co_await lookAt(awake.machine(), subscription);
    if (!now) co_return std::unexpected(std::move(now).error());
    const auto changes = changesBetween(*known, *now);
    for (const auto& change : changes) {
      if (told) told = co_await client.say(eventOf(*world, change));
    }
    known = std::move(now);
  }
  co_return told;
}

Task<void> watch(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const Connected connected(awake->sprite, *call.exchange);
  emulation::AcceptOptions options;
  auto socket = co_await call.exchange->accept(std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  auto first = co_await (*socket)->read();
  if (!first) co_return std::unexpected(std::move(first).error());
  auto subscription = subscriptionFrom(*first);
  GuestSocket client(world->stage.loop, *socket);
  if (!subscription) {
    json::object event;
    event["type"] = "error";
    event["message"] = subscription.error().message;
    auto told = co_await client.say(std::move(event));
    (*socket)->close();
    co_return told;
  }
  co_return co_await tell(world, client, std::move(*awake), std::move(*subscription));
}

}  // namespace

void addFileWatchRoutes(Routes& routes) { routes.streamOfSprite("GET", "/fs/watch", {}, watch); }

}  // namespace mooring::sprites::emulated
