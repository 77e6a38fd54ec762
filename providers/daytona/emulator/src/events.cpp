#include "events.hpp"

#include <mooring/emulation/strict.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace mooring::daytona::emulator {

namespace json = boost::json;
using emulation::ExchangePtr;

namespace {

// Engine.IO's packet types come first, Socket.IO's second.
constexpr const char* openPacket = "0";
constexpr const char* pingPacket = "2";
constexpr const char* connectPacket = "40";
constexpr const char* eventPacket = "42";
constexpr const char* refusalPacket = "44";
constexpr std::chrono::milliseconds pingInterval(25000);
constexpr std::size_t longestQueue = 10000;

http::Message text(std::string data) { return http::Message{std::move(data), true}; }

}  // namespace

Events::Events(World& world) : world_(world) {
  world_.onState([this](const SandboxFacts& facts, State before, State now) { tell(facts, before, now); });
}

void Events::addRoutes(emulation::Router& router) {
  router.stream("GET", "/api/socket.io/", std::bind_front(&Events::serve, this)).anyQuery();
}

void Events::tell(const SandboxFacts& facts, State before, State now) {
  json::object change;
  change["sandbox"] = toJson(facts, now, world_.toolboxUrl());
  change["oldState"] = toString(before);
  change["newState"] = toString(now);
  json::array event;
  event.emplace_back("sandbox.state.updated");
  event.emplace_back(std::move(change));
  const auto packet = eventPacket + json::serialize(event);
  for (const auto& listener : listeners_) {
    if (listener->organizationId != facts.organizationId) continue;
    // One that does not read is not waited for for ever.
    if (listener->waiting.size() >= longestQueue) listener->ended = true;
    listener->waiting.push_back(packet);
    listener->changed.notify();
  }
}

Task<Caller> Events::greet(std::shared_ptr<http::WebSocket> socket,
                           std::string sid,
                           std::string organization) {
  auto first = co_await socket->read();
  if (!first) co_return std::unexpected(std::move(first).error());
  if (!*first) co_return failure(Errc::unavailable, "the client left");
  const auto& word = (*first)->data;
  auto credential = emulation::parseObject(word.starts_with(connectPacket) ? word.substr(2) : "{}");
  emulation::Request request;
  if (credential && credential->contains("token") && credential->at("token").is_string()) {
    request.headers.add("Authorization", "Bearer " + std::string(credential->at("token").as_string()));
  }
  if (!organization.empty()) request.headers.add("X-Daytona-Organization-ID", std::move(organization));
  auto caller = world_.authenticate(request);
  if (!caller) {
    auto refusal = text(refusalPacket + std::string(R"({"message":"Unauthorized"})"));
    co_await socket->write(std::move(refusal));
    socket->close(1000, std::string());
    co_return caller;
  }
  auto welcome = text(connectPacket + std::string(R"({"sid":")") + sid + "\"}");
  auto written = co_await socket->write(std::move(welcome));
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return caller;
}

boost::asio::awaitable<void> Events::listen(std::shared_ptr<http::WebSocket> socket, ListenerPtr listener) {
  for (;;) {
    auto message = co_await socket->read();  // Answers to pings, most of all.
    if (!message || !*message) break;
  }
  listener->ended = true;
  listener->changed.notify();
}

Task<void> Events::serve(ExchangePtr exchange) {
  if (!exchange->wantsWebSocket())
    co_return emulation::refused(400, "only the WebSocket transport is offered");
  emulation::AcceptOptions options;
  auto accepted = co_await exchange->accept(std::move(options));
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  const auto socket = *accepted;
  const auto sid = world_.newToken(20);
  auto open = text(openPacket + std::string(R"({"sid":")") + sid +
                   R"(","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  auto written = co_await socket->write(std::move(open));
  if (!written) co_return written;
  auto organization = exchange->request().queryValue("organizationId").value_or("");
  auto caller = co_await greet(socket, sid, std::move(organization));
  if (!caller) co_return Result<void>();

  auto listener = std::make_shared<Listener>(world_.stage().loop);
  listener->organizationId = caller->organizationId;
  listeners_.push_back(listener);
  boost::asio::co_spawn(world_.stage().loop, listen(socket, listener), boost::asio::detached);
  while (!listener->ended && written) {
    if (listener->waiting.empty()) {
      auto woken = co_await emulation::within<void>(listener->changed.wait(), pingInterval);
      if (woken.late) listener->waiting.emplace_back(pingPacket);
      if (!woken.result && !woken.late) break;
      continue;
    }
    auto packet = text(std::move(listener->waiting.front()));
    listener->waiting.pop_front();
    written = co_await socket->write(std::move(packet));
  }
  std::erase(listeners_, listener);
  co_return Result<void>();
}

}  // namespace mooring::daytona::emulator
