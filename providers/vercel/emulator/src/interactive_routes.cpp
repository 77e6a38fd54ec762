// Programs on a terminal, over a WebSocket.
#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/terminal.hpp>

#include "requests.hpp"
#include "routes.hpp"

#include <boost/json/serialize.hpp>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::size_t largestPiece = std::size_t{32} * 1024;

/// The address of the terminal, and a token that opens it.
Task<Reply> open(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto object = parsePublic(*body);
  if (!object) co_return std::unexpected(std::move(object).error());
  emulation::Members members(*object);
  if (auto good = members.done(); !good) co_return std::unexpected(std::move(good).error());
  auto session = world->runningSession(call.scope.team, call.param("sessionId"));
  if (!session) co_return std::unexpected(std::move(session).error());
  if ((*session)->terminalToken.empty()) (*session)->terminalToken = world->newToken();
  json::object reply;
  reply["url"] = "ws" + world->stage.baseUrl.substr(4) + "/interactive/" + (*session)->id;
  reply["token"] = (*session)->terminalToken;
  co_return jsonReply(200, reply);
}

/// {"type":"start","command","args","env":["K=V"],"cwd","cols","rows"}
Result<emulation::TerminalSpec> parseStart(const json::object& message) {
  emulation::Members members(message);
  emulation::TerminalSpec spec;
  members.optionalChoice("type", {"start"});
  spec.command.program = members.text("command");
  spec.command.args = members.optionalTextList("args").value_or(std::vector<std::string>());
  spec.command.cwd = members.optionalText("cwd").value_or("");
  for (const auto& variable : members.optionalTextList("env").value_or(std::vector<std::string>())) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) members.refuse("env", "must be an array of NAME=value");
    spec.command.env[variable.substr(0, equals)] = variable.substr(std::min(equals, variable.size() - 1) + 1);
  }
  constexpr int widest = 1000;
  spec.columns = static_cast<int>(members.optionalInteger("cols", 1, widest).value_or(spec.columns));
  spec.rows = static_cast<int>(members.optionalInteger("rows", 1, widest).value_or(spec.rows));
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return spec;
}

Result<emulation::TerminalSpec> startFrom(const std::optional<http::Message>& message) {
  if (!message || !message->text) return refused(400, "the first message must be a text of type start");
  const auto object = emulation::parseObject(message->data);
  if (!object) return std::unexpected(object.error());
  return parseStart(*object);
}

Task<void> resize(std::shared_ptr<emulation::Terminal> terminal, std::string text) {
  const auto object = emulation::parseObject(text);
  if (!object) co_return std::unexpected(object.error());
  emulation::Members members(*object);
  const auto type = members.text("type");
  constexpr int widest = 1000;
  const auto columns = members.integer("cols", 1, widest);
  const auto rows = members.integer("rows", 1, widest);
  if (type != "resize") members.refuse("type", "must be resize");
  if (auto good = members.done(); !good) co_return good;
  co_return co_await terminal->resize(static_cast<int>(columns), static_cast<int>(rows));
}

Task<void> show(std::shared_ptr<http::WebSocket> socket, std::shared_ptr<emulation::Terminal> terminal) {
  std::uint64_t offset = 0;
  for (;;) {
    auto chunk = co_await terminal->output(offset, largestPiece);
    if (!chunk) break;
    offset = chunk->nextOffset;
    if (!chunk->bytes.empty()) {
      http::Message message;
      message.data = std::move(chunk->bytes);
      auto sent = co_await socket->write(std::move(message));
      if (!sent) co_return sent;
    }
    if (chunk->ended) break;
  }
  const auto state = co_await terminal->awaitEnd();
  json::object exit;
  exit["type"] = "exit";
  exit["code"] = state ? state->exitCode : -1;
  http::Message message;
  message.text = true;
  message.data = json::serialize(exit);
  auto sent = co_await socket->write(std::move(message));
  socket->close();
  co_return sent;
}

/// Until the client goes, or the program ends and the socket with it.
Task<void> listen(std::shared_ptr<http::WebSocket> socket, std::shared_ptr<emulation::Terminal> terminal) {
  for (;;) {
    auto message = co_await socket->read();
    if (!message || !*message) co_return Result<void>();
    Result<void> done;
    if ((*message)->text) {
      done = co_await resize(terminal, std::move((*message)->data));
    } else {
      done = co_await terminal->type(std::move((*message)->data));
    }
    if (!done && done.error().httpStatus == 400) {
      socket->close(1003, done.error().message.substr(0, 120));
      co_return Result<void>();
    }
  }
}

Task<void> connect(WorldPtr world, emulation::ExchangePtr exchange) {
  const auto found = world->sessions.find(exchange->request().param("sessionId"));
  const auto token = exchange->request().queryValue("token").value_or("");
  if (found == world->sessions.end() || token.empty() || found->second->terminalToken != token) {
    co_return refused(403, "Not authorized");
  }
  auto session = world->runningSession(found->second->scope.team, found->first);
  if (!session) co_return std::unexpected(std::move(session).error());
  emulation::AcceptOptions options;
  auto socket = co_await exchange->accept(std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  auto first = co_await (*socket)->read();
  if (!first) co_return std::unexpected(std::move(first).error());
  auto spec = startFrom(*first);
  if (!spec) {
    (*socket)->close(1003, spec.error().message.substr(0, 120));
    co_return Result<void>();
  }
  for (const auto& [name, value] : (*session)->settings.env)
    spec->command.env.emplace(name, value);
  auto terminal = co_await emulation::Terminal::open((*session)->machine, std::move(*spec));
  if (!terminal) {
    (*socket)->close(1011, terminal.error().message.substr(0, 120));
    co_return Result<void>();
  }
  auto showing = world->background->begin<void>(show(*socket, *terminal));
  auto heard = co_await listen(*socket, *terminal);
  // A terminal nobody looks at hangs up.
  constexpr int hangUp = 1;
  co_await (*terminal)->signal(hangUp);
  co_await showing->result();
  co_return heard;
}

}  // namespace

void addInteractiveRoutes(Routes& routes) {
  routes.on("POST", "/v2/sandboxes/sessions/{sessionId}/interactive", {}, open);
  routes.bare("GET", "/interactive/{sessionId}", {"token"}, connect);
}

}  // namespace mooring::vercel::emulated
