// Services defined, started, stopped, watched and signalled.
#include <mooring/emulation/strict.hpp>

#include "duration.hpp"
#include "ndjson.hpp"
#include "routes.hpp"
#include "services.hpp"

#include <boost/json/array.hpp>

#include <limits>
#include <ranges>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;
using Millis = std::chrono::milliseconds;

namespace {

constexpr Millis usualFollowing = std::chrono::seconds(5);
constexpr Millis usualPatience = std::chrono::seconds(10);
constexpr int highestPort = 65535;

Result<ServiceDefinition> parseDefinition(std::string_view body) {
  const auto object = emulation::parseObject(body);
  if (!object) return std::unexpected(object.error());
  emulation::Members members(*object);
  ServiceDefinition definition;
  definition.command = members.text("cmd");
  if (definition.command.empty()) members.refuse("cmd", "is required");
  definition.args = members.optionalTextList("args").value_or(std::vector<std::string>());
  definition.env = members.optionalTexts("env").value_or(std::map<std::string, std::string>());
  definition.directory = members.optionalText("dir").value_or("");
  definition.needs = members.optionalTextList("needs").value_or(std::vector<std::string>());
  definition.httpPort = static_cast<int>(members.optionalInteger("http_port", 1, highestPort).value_or(0));
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return definition;
}

/// Errors: 400.
Result<Millis> spanIn(const emulation::Request& request, std::string_view name, Millis usual) {
  const auto text = request.queryValue(name);
  if (!text) return usual;
  return parseDuration(name, *text);
}

/// Errors: 404.
Result<ServicePtr> serviceOf(const Sprite& sprite, const std::string& name) {
  const auto found = sprite.services.find(name);
  if (found == sprite.services.end()) return refused(404, "service not found: " + name);
  return found->second;
}

struct Found {
  Awake awake = {};
  ServicePtr service = {};
};

Task<Found> findService(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(std::move(world), call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto service = serviceOf(*awake->sprite, call.param("service"));
  if (!service) co_return std::unexpected(std::move(service).error());
  Found found;
  found.awake = std::move(*awake);
  found.service = std::move(*service);
  co_return found;
}

json::object completeEvent(const World& world, const std::string& name) {
  const auto file = [&](const std::string& stream) {
    return "/.sprite/logs/services/" + name + "." + stream;
  };
  json::object files;
  files["combined"] = file("log");
  files["stdout"] = file("stdout.log");
  files["stderr"] = file("stderr.log");
  json::object event;
  event["type"] = "complete";
  event["timestamp"] = world.now().time_since_epoch().count();
  event["log_files"] = std::move(files);
  return event;
}

/// What happens to it for `span`, or until it ends.
Task<void> tellFor(NdjsonReply& reply, std::shared_ptr<Followed> followed, Millis span) {
  const auto until = std::chrono::steady_clock::now() + span;
  bool over = false;
  while (true) {
    while (!followed->events.empty()) {
      auto event = std::move(followed->events.front());
      followed->events.pop_front();
      over = over || event.at("type") == "exit" || event.at("type") == "error";
      auto told = co_await reply.say(std::move(event));
      if (!told) co_return told;
    }
    const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    if (over || left.count() <= 0) co_return Result<void>();
    auto woken = co_await emulation::within<void>(followed->changed.wait(), left);
    if (!woken.result && !woken.late) co_return std::move(woken.result);
  }
}

/// Does `work` and tells what happens to the service for `span` from its beginning.
Task<void> tellOf(WorldPtr world, Call call, ServicePtr service, Task<void> work, Millis span) {
  const auto followed = service->follow();
  NdjsonReply reply(call.exchange);
  auto told = co_await reply.begin();
  if (!told) co_return told;
  const auto working = world->background->begin<void>(std::move(work));
  auto worked = co_await working->result();
  if (!worked && worked.error().code == Errc::cancelled) co_return worked;
  told = co_await tellFor(reply, followed, span);
  if (!told) co_return told;
  co_return co_await reply.say(completeEvent(*world, service->name()));
}

Task<Reply> list(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(std::move(world), std::move(call));
  if (!awake) co_return std::unexpected(std::move(awake).error());
  json::array shown;
  for (const auto& service : awake->sprite->services | std::views::values)
    shown.push_back(service->json());
  co_return jsonReply(200, shown);
}

Task<Reply> get(WorldPtr world, Call call) {
  auto found = co_await findService(std::move(world), std::move(call));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return jsonReply(200, found->service->json());
}

/// Errors: 409 (another one has the port); 400 (it needs one that is not there).
Result<void> checkDefinition(const Sprite& sprite, const std::string& name, const ServiceDefinition& wish) {
  for (const auto& [other, service] : sprite.services) {
    if (other != name && wish.httpPort != 0 && service->definition().httpPort != 0)
      return refused(409, "service " + other + " has the http port already");
  }
  for (const auto& need : wish.needs) {
    if (!sprite.services.contains(need))
      return refused(400, "service " + name + " needs " + need + ", which is not there");
  }
  return {};
}

Task<void> redefine(WorldPtr world, SpritePtr sprite, ServicePtr service, ServiceDefinition definition) {
  auto stopped = co_await service->stop(usualPatience);
  if (!stopped) co_return stopped;
  service->define(std::move(definition));
  co_return co_await startService(std::move(world), std::move(sprite), std::move(service));
}

Task<void> define(WorldPtr world, Call call) {
  const auto span = spanIn(call.request(), "duration", usualFollowing);
  if (!span) co_return std::unexpected(span.error());
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto definition = parseDefinition(*body);
  if (!definition) co_return std::unexpected(std::move(definition).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const auto sprite = awake->sprite;
  const auto name = call.param("service");
  if (auto good = checkDefinition(*sprite, name, *definition); !good) co_return good;
  auto& service = sprite->services[name];
  if (!service) service = std::make_shared<Service>(world, name);
  if (service->runs() && service->definition() == *definition) {
    json::object same;
    same["message"] = "Service already running with the same definition";
    auto reply = jsonReply(200, same);
    co_return co_await call.exchange->reply(std::move(reply));
  }
  auto work = redefine(world, sprite, service, std::move(*definition));
  co_return co_await tellOf(world, call, service, std::move(work), *span);
}

Task<Reply> remove(WorldPtr world, Call call) {
  auto found = co_await findService(world, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto stopping = world->background->begin<void>(found->service->stop(usualPatience));
  auto stopped = co_await stopping->result();
  if (!stopped) co_return std::unexpected(std::move(stopped).error());
  found->awake.sprite->services.erase(found->service->name());
  co_return emulation::emptyReply(204);
}

Task<void> start(WorldPtr world, Call call) {
  const auto span = spanIn(call.request(), "duration", usualFollowing);
  if (!span) co_return std::unexpected(span.error());
  auto found = co_await findService(world, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  auto work = startService(world, found->awake.sprite, found->service);
  co_return co_await tellOf(world, call, found->service, std::move(work), *span);
}

Task<void> stop(WorldPtr world, Call call) {
  const auto patience = spanIn(call.request(), "timeout", usualPatience);
  if (!patience) co_return std::unexpected(patience.error());
  auto found = co_await findService(world, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!found->service->runs()) co_return refused(409, "service not running: " + found->service->name());
  auto work = found->service->stop(*patience);
  co_return co_await tellOf(world, call, found->service, std::move(work), Millis(0));
}

Task<void> startAgain(WorldPtr world, SpritePtr sprite, ServicePtr service) {
  auto definition = service->definition();
  co_return co_await redefine(std::move(world), std::move(sprite), std::move(service), std::move(definition));
}

Task<void> restartOne(WorldPtr world, Call call) {
  const auto span = spanIn(call.request(), "duration", usualFollowing);
  if (!span) co_return std::unexpected(span.error());
  auto found = co_await findService(world, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  auto work = startAgain(world, found->awake.sprite, found->service);
  co_return co_await tellOf(world, call, found->service, std::move(work), *span);
}

Task<void> logs(WorldPtr world, Call call) {
  const auto& request = call.request();
  const auto span = spanIn(request, "duration", Millis(0));
  if (!span) co_return std::unexpected(span.error());
  auto lines = std::numeric_limits<std::size_t>::max();
  if (const auto text = request.queryValue("lines")) {
    const auto number = emulation::parseInteger("lines", *text, 0);
    if (!number) co_return std::unexpected(number.error());
    lines = static_cast<std::size_t>(*number);
  }
  auto found = co_await findService(world, call);
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto followed = found->service->follow();
  for (auto& event : found->service->log(lines))
    followed->events.push_back(std::move(event));
  NdjsonReply reply(call.exchange);
  auto told = co_await reply.begin();
  if (told) told = co_await tellFor(reply, followed, *span);
  if (!told) co_return told;
  co_return co_await reply.say(completeEvent(*world, found->service->name()));
}

Task<Reply> signalOne(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto object = emulation::parseObject(*body);
  if (!object) co_return std::unexpected(object.error());
  emulation::Members members(*object);
  const auto name = members.text("name");
  const auto word = members.text("signal");
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  const auto number = parseSignal(word);
  if (!number) co_return refused(400, "invalid signal: " + word);
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto service = serviceOf(*awake->sprite, name);
  if (!service) co_return std::unexpected(std::move(service).error());
  auto sent = co_await (*service)->signal(*number);
  if (!sent) co_return std::unexpected(std::move(sent).error());
  co_return emulation::emptyReply(204);
}

}  // namespace

void addServiceRoutes(Routes& routes) {
  routes.onSprite("GET", "/services", {}, list);
  routes.onSprite("POST", "/services/signal", {}, signalOne);
  routes.onSprite("GET", "/services/{service}", {}, get);
  routes.streamOfSprite("PUT", "/services/{service}", {"duration"}, define);
  routes.onSprite("DELETE", "/services/{service}", {}, remove);
  routes.streamOfSprite("POST", "/services/{service}/start", {"duration"}, start);
  routes.streamOfSprite("POST", "/services/{service}/stop", {"timeout"}, stop);
  routes.streamOfSprite("POST", "/services/{service}/restart", {"duration"}, restartOne);
  routes.streamOfSprite("GET", "/services/{service}/logs", {"lines", "duration"}, logs);
}

}  // namespace mooring::sprites::emulated
