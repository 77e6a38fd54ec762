// Sessions listed, looked at and killed.
#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/text.hpp>

#include "duration.hpp"
#include "exec/running.hpp"
#include "exec/session_list.hpp"
#include "ndjson.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>

#include <csignal>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::refused;

namespace {

json::object sessionJson(const Session& session, const std::string& home) {
  const auto& process = session.spec().process;
  json::object object;
  object["id"] = session.id();
  object["command"] = emulation::validUtf8(session.command());
  object["workdir"] = emulation::validUtf8(process.directory.empty() ? home : process.directory);
  object["created"] = toString(session.createdAt());
  object["tty"] = session.tty();
  object["bytes_per_second"] = 0;
  object["is_active"] = session.watched();
  object["last_activity"] = toString(session.lastActivity());
  return object;
}

struct KillWish {
  int signal = SIGTERM;
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

Result<KillWish> parseKill(const emulation::Request& request) {
  KillWish wish;
  if (const auto text = request.queryValue("signal")) {
    const auto number = parseSignal(*text);
    if (!number) return refused(400, "invalid signal: " + *text);
    wish.signal = *number;
  }
  if (const auto text = request.queryValue("timeout")) {
    const auto patience = parseDuration("timeout", *text);
    if (!patience) return std::unexpected(patience.error());
    wish.patience = *patience;
  }
  return wish;
}

json::object killEvent(std::string_view type, std::string_view message, int pid) {
  json::object event;
  event["type"] = type;
  event["message"] = message;
  event["pid"] = pid;
  return event;
}

/// The signal, then patience, then SIGKILL.
Task<void> killIt(NdjsonReply& reply, SessionPtr session, KillWish wish) {
  const int pid = session->process().id();
  auto event = killEvent(
      "signal", "Sent " + std::string(signalName(wish.signal)) + " to the process group", pid);
  event["signal"] = wish.signal;
  auto told = co_await reply.say(std::move(event));
  auto sent = co_await session->process().signal(wish.signal);
  if (!told || !sent) co_return told ? sent : told;
  auto ended = co_await emulation::within<void>(session->awaitEnd(), wish.patience);
  if (!ended.result && !ended.late) co_return std::move(ended.result);
  if (!session->exitCode()) {
    told = co_await reply.say(killEvent("timeout", "The process is still running", pid));
    sent = co_await session->process().signal(SIGKILL);
    if (!told || !sent) co_return told ? sent : told;
    auto over = co_await session->awaitEnd();
    if (!over) co_return over;
    told = co_await reply.say(killEvent("killed", "The process was killed", pid));
  } else {
    told = co_await reply.say(killEvent("exited", "The process has exited", pid));
  }
  if (!told) co_return told;
  json::object last;
  last["type"] = "complete";
  last["exit_code"] = *session->exitCode();
  co_return co_await reply.say(std::move(last));
}

Task<void> kill(WorldPtr world, Call call) {
  const auto wish = parseKill(call.request());
  if (!wish) co_return std::unexpected(wish.error());
  const auto id = call.param("session");
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  if ((*sprite)->formerSessions.contains(id)) co_return refused(410, "session already exited: " + id);
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto session = sessionOf(**sprite, id);
  if (!session) co_return std::unexpected(std::move(session).error());
  NdjsonReply reply(call.exchange);
  auto begun = co_await reply.begin();
  if (!begun) co_return begun;
  co_return co_await killIt(reply, std::move(*session), *wish);
}

}  // namespace

Task<void> listSessions(WorldPtr world, Call call) {
  if (!call.request().query.empty()) co_return refused(400, "a command needs a WebSocket, or POST");
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  json::array sessions;
  for (const auto& [id, session] : awake->sprite->sessions)
    sessions.push_back(sessionJson(*session, awake->machine().spec().home));
  json::object body;
  body["count"] = sessions.size();
  body["sessions"] = std::move(sessions);
  auto reply = emulation::jsonReply(200, body);
  reply.headers.add("Sprite-Version", runtimeVersion);
  co_return co_await call.exchange->reply(std::move(reply));
}

Task<void> showSession(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  auto session = sessionOf(**sprite, call.param("session"));
  if (!session) co_return std::unexpected(std::move(session).error());
  auto reply = emulation::jsonReply(200, sessionJson(**session, (*sprite)->machine->spec().home));
  co_return co_await call.exchange->reply(std::move(reply));
}

void addSessionRoutes(Routes& routes) {
  routes.streamOfSprite("POST", "/exec/{session}/kill", {"signal", "timeout"}, kill);
}

}  // namespace mooring::sprites::emulated
