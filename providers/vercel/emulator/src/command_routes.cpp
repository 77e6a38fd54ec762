// Commands: started, awaited, read, killed.
#include <mooring/emulation/strict.hpp>

#include "command_start.hpp"
#include "errors.hpp"
#include "log_stream.hpp"
#include "requests.hpp"
#include "routes.hpp"
#include "wire.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <ranges>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

json::object commandReply(const CommandRun& command) {
  json::object reply;
  reply["command"] = commandJson(command);
  return reply;
}

Result<CommandRunPtr> findCommand(const Session& session, const std::string& id) {
  for (const auto& command : session.commands) {
    if (command->id == id) return command;
  }
  return refused(404, "Command '" + id + "' not found.");
}

struct Place {
  SessionPtr session = {};
  CommandRunPtr command = {};
};

Result<Place> placeOf(const World& world, const Call& call) {
  auto session = world.runningSession(call.scope.team, call.param("sessionId"));
  if (!session) return std::unexpected(std::move(session).error());
  auto command = findCommand(**session, call.param("commandId"));
  if (!command) return std::unexpected(std::move(command).error());
  return Place{std::move(*session), std::move(*command)};
}

/// The Python client repeats these of the body in the query.
Result<void> readQuery(const emulation::Request& request, CommandRequest& into) {
  if (const auto text = request.queryValue("wait")) {
    const auto flag = emulation::parseFlag("`wait`", *text);
    if (!flag) return std::unexpected(flag.error());
    into.wait = *flag;
  }
  if (const auto text = request.queryValue("logs")) {
    const auto flag = emulation::parseFlag("`logs`", *text);
    if (!flag) return std::unexpected(flag.error());
    into.logs = *flag;
  }
  return {};
}

Task<void> start(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto request = parseCommand(*body);
  if (!request) co_return std::unexpected(std::move(request).error());
  if (auto read = readQuery(call.request(), *request); !read) co_return read;
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  auto starting = world->background->begin<CommandRunPtr>(startCommand(world, *session, *request));
  auto command = co_await starting->result();
  if (!command) co_return std::unexpected(std::move(command).error());
  if (request->wait) {
    const auto shows = request->logs ? StreamShows::commandAndLogs : StreamShows::command;
    co_return co_await streamCommand(world, call.exchange, *session, *command, shows);
  }
  json::object begun;
  begun["command"] = begunCommandJson(**command);
  auto reply = jsonReply(200, begun);
  co_return co_await call.exchange->reply(std::move(reply));
}

Task<Reply> list(WorldPtr world, Call call) {
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  json::array shown;
  for (const auto& command : (*session)->commands | std::views::reverse)
    shown.push_back(commandJson(*command));
  json::object reply;
  reply["commands"] = std::move(shown);
  co_return jsonReply(200, reply);
}

Task<void> get(WorldPtr world, Call call) {
  const auto waits = emulation::parseFlag("`wait`", call.request().queryValue("wait").value_or("false"));
  if (!waits) co_return std::unexpected(waits.error());
  auto place = placeOf(*world, call);
  if (!place) co_return std::unexpected(std::move(place).error());
  if (*waits) {
    auto ended = co_await awaitCommand(world, place->command);
    if (!ended) co_return std::unexpected(std::move(ended).error());
    if (!*ended) {
      call.exchange->cut();  // The edge's patience is over before the command is.
      co_return Result<void>();
    }
    if (!place->command->exitCode) {
      co_return refusedAs(
          410, "sandbox_stopped", "Sandbox has stopped execution and is no longer available.");
    }
  }
  auto reply = jsonReply(200, commandReply(*place->command));
  co_return co_await call.exchange->reply(std::move(reply));
}

Task<void> logs(WorldPtr world, Call call) {
  auto place = placeOf(*world, call);
  if (!place) co_return std::unexpected(std::move(place).error());
  co_return co_await streamCommand(world, call.exchange, place->session, place->command, StreamShows::logs);
}

/// Answers at once; how the command ends is another question.
Task<Reply> kill(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto object = parsePublic(*body);
  if (!object) co_return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  const auto number = static_cast<int>(members.optionalInteger("signal", 1, SIGRTMAX).value_or(SIGTERM));
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  auto place = placeOf(*world, call);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto reply = commandReply(*place->command);
  if (!place->command->over) {
    auto sent = co_await place->session->machine->signal(place->command->id, number);
    if (!sent) co_return std::unexpected(std::move(sent).error());
  }
  co_return jsonReply(200, reply);
}

}  // namespace

void addCommandRoutes(Routes& routes) {
  const std::string commands = "/v2/sandboxes/sessions/{sessionId}/cmd";
  routes.stream("POST", commands, {"wait", "logs"}, start);
  routes.on("GET", commands, {}, list);
  routes.stream("GET", commands + "/{commandId}", {"wait"}, get);
  routes.stream("GET", commands + "/{commandId}/logs", {}, logs);
  routes.on("POST", commands + "/{commandId}/kill", {}, kill);
}

}  // namespace mooring::vercel::emulated
