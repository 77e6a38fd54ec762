#include "toolbox/sessions.hpp"

#include "toolbox/body.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/session_replies.hpp"
#include "toolbox/text.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace json = boost::json;

SessionPtr Sessions::find(std::string_view id) const {
  const auto found = std::ranges::find(sessions_, id, &Session::id);
  return found == sessions_.end() ? nullptr : *found;
}

bool Sessions::reserve(const std::string& id) {
  if (find(id) || std::ranges::find(reserved_, id) != reserved_.end()) return false;
  reserved_.push_back(id);
  return true;
}

void Sessions::release(const std::string& id) { std::erase(reserved_, id); }

void Sessions::add(SessionPtr session) {
  release(session->id());
  sessions_.push_back(std::move(session));
}

void Sessions::remove(const SessionPtr& session) { std::erase(sessions_, session); }

void Sessions::end() {
  for (const auto& session : sessions_) {
    session->forget();
  }
  sessions_.clear();
}

Result<SessionPtr> sessionOf(Daemon& daemon, const emulation::Request& request) {
  if (auto session = daemon.sessions().find(request.param("sessionId"))) return session;
  return refusal(404, "NOT_FOUND", "session not found");
}

Result<SessionCommandPtr> commandOf(const SessionPtr& session, const emulation::Request& request) {
  if (auto command = session->find(request.param("commandId"))) return command;
  return refusal(404, "NOT_FOUND", "command not found");
}

namespace {

constexpr std::string_view entrypoint = "entrypoint";

json::object factsOf(const SessionCommand& command) {
  json::object facts;
  facts["id"] = command.id;
  facts["command"] = command.text;
  if (command.exitCode) facts["exitCode"] = *command.exitCode;
  return facts;
}

json::object factsOf(const Session& session) {
  json::array commands;
  for (const auto& command : session.commands()) {
    commands.emplace_back(factsOf(*command));
  }
  json::object facts;
  facts["sessionId"] = session.id();
  facts["commands"] = std::move(commands);
  return facts;
}

Task<emulation::Reply> createSession(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto id = members.text("sessionId");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (isBlank(id)) co_return refusal(400, "BAD_REQUEST", "sessionId cannot be empty");
  if (id == entrypoint) co_return refusal(400, "BAD_REQUEST", "session id entrypoint is reserved");
  if (!daemon->sessions().reserve(id)) co_return refusal(409, "CONFLICT", "session already exists");
  auto session = co_await Session::open(daemon, id);
  daemon->sessions().release(id);
  if (!session) co_return std::unexpected(std::move(session).error());
  daemon->sessions().add(std::move(*session));
  co_return emulation::emptyReply(201);
}

Task<emulation::Reply> listSessions(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  json::array all;
  for (const auto& session : daemon->sessions().all()) {
    all.emplace_back(factsOf(*session));
  }
  co_return emulation::jsonReply(200, all);
}

Task<emulation::Reply> getSession(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto session = sessionOf(*daemon, exchange->request());
  if (!session) co_return std::unexpected(std::move(session).error());
  co_return emulation::jsonReply(200, factsOf(**session));
}

Task<emulation::Reply> deleteSession(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto session = sessionOf(*daemon, exchange->request());
  if (!session) co_return std::unexpected(std::move(session).error());
  daemon->sessions().remove(*session);
  auto ended = co_await (*session)->end();
  if (!ended) co_return std::unexpected(std::move(ended).error());
  co_return emulation::emptyReply(204);
}

Task<emulation::Reply> getCommand(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto session = sessionOf(*daemon, exchange->request());
  if (!session) co_return std::unexpected(std::move(session).error());
  auto command = commandOf(*session, exchange->request());
  if (!command) co_return std::unexpected(std::move(command).error());
  co_return emulation::jsonReply(200, factsOf(**command));
}

Task<emulation::Reply> execute(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto text = members.text("command");
  const bool async = members.optionalFlag("runAsync").value_or(false);
  const bool alsoAsync = members.optionalFlag("async").value_or(false);
  const bool quiet = members.optionalFlag("suppressInputEcho").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (isBlank(text)) co_return refusal(400, "BAD_REQUEST", "command cannot be empty");
  auto session = sessionOf(*daemon, exchange->request());
  if (!session && daemon->release() == Release::v190)
    co_return refusal(
        500, "INTERNAL_SERVER_ERROR", "failed to execute command: not found: session not found");
  if (!session) co_return std::unexpected(std::move(session).error());

  auto command = co_await (*session)->execute(text, async || alsoAsync, !quiet);
  if (!command) co_return std::unexpected(std::move(command).error());
  if ((*command)->async) {
    json::object reply;
    reply["cmdId"] = (*command)->id;
    co_return emulation::jsonReply(202, reply);
  }
  // A command that takes its shell with it keeps its client waiting: nobody is left to say how it ended.
  while (!(*command)->exitCode && !(*session)->removed()) {
    auto woken = co_await (*session)->changed();
    if (!woken) co_return std::unexpected(std::move(woken).error());
  }
  if (!(*command)->exitCode) co_return refusal(410, "SESSION_ENDED", "the session was deleted");
  co_return emulation::jsonReply(200, executed(**command, logFormOf(exchange->request())));
}

Task<emulation::Reply> sendInput(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto data = members.text("data");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto session = sessionOf(*daemon, exchange->request());
  if (!session) co_return std::unexpected(std::move(session).error());
  auto command = commandOf(*session, exchange->request());
  if (!command) co_return std::unexpected(std::move(command).error());
  if ((*command)->exitCode || (*session)->ended())
    co_return refusal(410, "COMMAND_ALREADY_COMPLETED", "command has already completed");
  if (!(*command)->async) co_return refusal(400, "BAD_REQUEST", "a synchronous command takes no input");
  auto typed = co_await (*session)->type(*command, data);
  if (!typed) co_return std::unexpected(std::move(typed).error());
  co_return emulation::emptyReply(204);
}

/// What the sandbox was started with. It prints nothing and does not end.
Task<emulation::Reply> entrypointSession(DaemonPtr /*daemon*/, emulation::ExchangePtr /*exchange*/) {
  json::object command;
  command["id"] = "entrypoint_command";
  command["command"] = "sleep infinity";
  json::object session;
  session["sessionId"] = entrypoint;
  session["commands"] = json::array();
  session["commands"].as_array().emplace_back(std::move(command));
  co_return emulation::jsonReply(200, session);
}

}  // namespace

void addSessionRoutes(ToolboxRoutes& routes) {
  routes.on("POST", "/process/session", createSession);
  routes.on("GET", "/process/session", listSessions);
  routes.on("GET", "/process/session/entrypoint", entrypointSession);
  routes.on("GET", "/process/session/{sessionId}", getSession);
  routes.on("DELETE", "/process/session/{sessionId}", deleteSession);
  routes.on("POST", "/process/session/{sessionId}/exec", execute);
  routes.on("GET", "/process/session/{sessionId}/command/{commandId}", getCommand);
  routes.on("POST", "/process/session/{sessionId}/command/{commandId}/input", sendInput);
}

}  // namespace mooring::daytona::emulator
