// Ports of a sprite: watched, and reached through a WebSocket. And what is not offered.
#include <mooring/emulation/proxy.hpp>
#include <mooring/emulation/strict.hpp>

#include "exec/frames.hpp"
#include "guest_socket.hpp"
#include "ports.hpp"
#include "routes.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::refused;

namespace {

constexpr const char* guestAddress = "10.0.0.1";
constexpr int highestPort = 65535;
constexpr int usualWebPort = 8080;
constexpr std::uint16_t closedInError = 1011;

json::object portJson(const ListeningPort& listening) {
  json::object object;
  object["port"] = listening.port;
  object["address"] = guestAddress;
  object["pid"] = listening.pid;
  return object;
}

Task<std::vector<ListeningPort>> lookAtPorts(SpritePtr sprite) {
  CommandSpec command;
  command.program = "/bin/sh";
  command.args = {"-c", portScript()};
  auto said = co_await sprite->machine->runCaptured(std::move(command));
  if (!said) co_return std::unexpected(std::move(said).error());
  co_return listeningPorts(said->out);
}

/// Of those in `some` that are not in `others`.
Task<void> tellOf(GuestSocket& client,
                  std::string type,
                  std::vector<ListeningPort> some,
                  std::vector<ListeningPort> others) {
  for (const auto& listening : some) {
    if (std::ranges::find(others, listening.port, &ListeningPort::port) != others.end()) continue;
    auto event = portJson(listening);
    event["type"] = type;
    auto told = co_await client.say(std::move(event));
    if (!told) co_return told;
  }
  co_return Result<void>();
}

Task<void> watch(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const Connected connected(awake->sprite, *call.exchange);
  emulation::AcceptOptions options;
  auto socket = co_await call.exchange->accept(std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  GuestSocket client(world->stage.loop, *socket);
  auto known = co_await lookAtPorts(awake->sprite);
  if (!known) co_return std::unexpected(std::move(known).error());
  json::array ports;
  for (const auto& listening : *known)
    ports.push_back(portJson(listening));
  json::object first;
  first["type"] = "port_list";
  first["ports"] = std::move(ports);
  auto told = co_await client.say(std::move(first));
  while (told && !client.gone()) {
    told = co_await client.rest(world->knobs.look);
    if (!told || client.gone()) break;
    auto now = co_await lookAtPorts(awake->sprite);
    if (!now) co_return std::unexpected(std::move(now).error());
    told = co_await tellOf(client, "port_closed", *known, *now);
    if (told) told = co_await tellOf(client, "port_opened", *now, *known);
    known = std::move(now);
  }
  co_return told;
}

struct Target {
  std::string host = "localhost";
  std::uint16_t port = 0;
};

/// The first message. Errors: 400; 501 (another host than the sprite itself).
Result<Target> targetFrom(const std::optional<http::Message>& message) {
  if (!message || !message->text) return refused(400, "the first message must be a text with host and port");
  const auto object = emulation::parseObject(message->data);
  if (!object) return std::unexpected(object.error());
  emulation::Members members(*object);
  Target target;
  target.host = members.optionalText("host").value_or(target.host);
  target.port = static_cast<std::uint16_t>(members.integer("port", 1, highestPort));
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  static constexpr std::array<std::string_view, 6> own = {
      "", "localhost", "127.0.0.1", "0.0.0.0", "::1", guestAddress};
  if (std::ranges::find(own, target.host) == own.end())
    return refused(501, "the emulator's proxy reaches the sprite itself, not " + target.host);
  return target;
}

Task<void> refuseOn(std::shared_ptr<http::WebSocket> socket, std::string why) {
  json::object answer;
  answer["status"] = "error";
  answer["error"] = why;
  auto told = co_await socket->write(textMessage(answer));
  socket->close(closedInError, why.substr(0, 100));
  co_return told;
}

Task<void> proxy(WorldPtr world, Call call) {
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const Connected connected(awake->sprite, *call.exchange);
  emulation::AcceptOptions options;
  auto socket = co_await call.exchange->accept(std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  auto first = co_await (*socket)->read();
  if (!first) co_return std::unexpected(std::move(first).error());
  const auto target = targetFrom(*first);
  if (!target) co_return co_await refuseOn(*socket, target.error().message);
  // Ports are this machine's; only the one that every sprite's URL leads to can be given another.
  auto port = target->port;
  if (port == usualWebPort) port = static_cast<std::uint16_t>(world->knobs.webPort);
  auto server = co_await emulation::dial(port);
  if (!server)
    co_return co_await refuseOn(*socket, "dial tcp " + std::to_string(target->port) + ": connection refused");
  json::object answer;
  answer["status"] = "connected";
  answer["target"] = std::string(guestAddress) + ":" + std::to_string(target->port);
  auto told = co_await (*socket)->write(textMessage(answer));
  if (!told) co_return told;
  co_return co_await emulation::bridge(*socket, *server);
}

Task<void> refuseControl(WorldPtr /*world*/, Call /*call*/) {
  co_return refused(404, "control connections are not offered");
}

Task<void> refuseGateway(WorldPtr /*world*/, Call /*call*/) {
  co_return refused(501, "connectors are not emulated");
}

}  // namespace

void addPortRoutes(Routes& routes) {
  routes.streamOfSprite("GET", "/ports/watch", {}, watch);
  routes.streamOfSprite("GET", "/proxy", {}, proxy);
  routes.streamOfSprite("GET", "/control", {}, refuseControl);
  routes.stream("*", "/v1/gateway/{rest...}", {}, refuseGateway);
}

}  // namespace mooring::sprites::emulated
