// PTY sessions on the wire.
#include <mooring/detail/base64.hpp>

#include "toolbox/body.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/terminal_socket.hpp"
#include "toolbox/terminals.hpp"

#include <boost/json/array.hpp>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr int largestSide = 1000;
constexpr std::string_view environmentProtocol = "X-Daytona-Pty-Envs~";

/// PTY errors are their own: nothing but {"error"}.
emulation::Reply ptyError(int status, std::string_view message) {
  json::object body;
  body["error"] = message;
  return emulation::jsonReply(status, body);
}

json::object factsOf(const Pty& pty) {
  json::object environment;
  for (const auto& [name, value] : pty.spec().environment) {
    environment[name] = value;
  }
  json::object facts;
  facts["id"] = pty.spec().id;
  facts["cwd"] = pty.spec().cwd;
  facts["envs"] = std::move(environment);
  facts["cols"] = pty.spec().columns;
  facts["rows"] = pty.spec().rows;
  facts["createdAt"] = toString(pty.createdAt());
  facts["active"] = pty.started() && !pty.ended();
  facts["lazyStart"] = pty.spec().lazyStart;
  return facts;
}

Task<emulation::Reply> createPty(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  PtySpec spec;
  spec.id = members.optionalText("id").value_or("");
  spec.columns = static_cast<int>(members.optionalInteger("cols", 1, largestSide).value_or(spec.columns));
  spec.rows = static_cast<int>(members.optionalInteger("rows", 1, largestSide).value_or(spec.rows));
  spec.cwd = members.optionalText("cwd").value_or("");
  spec.environment = members.optionalTexts("envs").value_or(std::map<std::string, std::string>());
  spec.lazyStart = members.optionalFlag("lazyStart").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return ptyError(400, checked.error().message);
  if (spec.id.empty()) spec.id = daemon->ids().uuid();
  const auto id = spec.id;
  const bool lazy = spec.lazyStart;
  auto pty = std::make_shared<Pty>(daemon, std::move(spec));
  if (!daemon->terminals().add(pty))
    co_return ptyError(409, "PTY session with ID '" + id + "' already exists");
  if (!lazy) {
    auto started = co_await pty->start();
    if (!started) {
      daemon->terminals().remove(pty);
      co_return ptyError(500, started.error().message);
    }
  }
  json::object reply;
  reply["sessionId"] = id;
  co_return emulation::jsonReply(201, reply);
}

Task<emulation::Reply> listPtys(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  json::array sessions;
  for (const auto& [id, pty] : daemon->terminals().all()) {
    sessions.emplace_back(factsOf(*pty));
  }
  json::object reply;
  reply["sessions"] = std::move(sessions);
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> getPty(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto pty = daemon->terminals().find(exchange->request().param("sessionId"));
  if (!pty) co_return ptyError(404, "PTY session not found");
  co_return emulation::jsonReply(200, factsOf(*pty));
}

Task<emulation::Reply> deletePty(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto pty = daemon->terminals().find(exchange->request().param("sessionId"));
  if (!pty) co_return ptyError(404, "PTY session not found");
  daemon->terminals().remove(pty);
  auto killed = co_await pty->kill();
  if (!killed) co_return ptyError(500, killed.error().message);
  json::object reply;
  reply["message"] = "PTY session deleted";
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> resizePty(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto columns = static_cast<int>(members.integer("cols", 1, largestSide));
  const auto rows = static_cast<int>(members.integer("rows", 1, largestSide));
  auto checked = checkBody(members);
  if (!checked) co_return ptyError(400, checked.error().message);
  const auto pty = daemon->terminals().find(exchange->request().param("sessionId"));
  if (!pty) co_return ptyError(404, "PTY session not found");
  auto resized = co_await pty->resize(columns, rows);
  if (!resized) co_return ptyError(emulation::statusOf(resized.error()), resized.error().message);
  co_return emulation::jsonReply(200, factsOf(*pty));
}

Task<void> connectPty(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto pty = daemon->terminals().find(exchange->request().param("sessionId"));
  if (!pty) {
    auto reply = ptyError(404, "PTY session not found");
    co_return co_await exchange->reply(std::move(reply));
  }
  co_return co_await serveTerminal(pty, std::move(exchange));
}

/// Unpadded base64 with '-' and '_', of a JSON object of texts. Errors: status 400.
Result<std::map<std::string, std::string>> environmentOf(std::string_view encoded) {
  const auto decoded = mooring::detail::decodeBase64Url(encoded);
  if (!decoded) return refusal(400, "BAD_REQUEST", "the environment is no base64 of a URL's kind");
  auto object = emulation::parseObject(*decoded);
  if (!object) return std::unexpected(std::move(object).error());
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : *object) {
    if (!value.is_string()) return refusal(400, "BAD_REQUEST", "environment variable values are texts");
    environment.emplace(std::string(name), std::string(value.get_string()));
  }
  return environment;
}

Result<PtySpec> wantedTerminal(const emulation::Request& request, const std::vector<std::string>& offered) {
  PtySpec spec;
  auto id = requiredQuery(request, "id");
  if (!id) return std::unexpected(std::move(id).error());
  spec.id = std::move(*id);
  for (const auto& [name, place] : {std::pair{"cols", &spec.columns}, std::pair{"rows", &spec.rows}}) {
    const auto text = request.queryValue(name);
    if (!text) continue;
    auto number = emulation::parseInteger(name, *text, 1, largestSide);
    if (!number) return std::unexpected(std::move(number).error());
    *place = static_cast<int>(*number);
  }
  spec.cwd = request.queryValue("cwd").value_or("");
  for (const auto& protocol : offered) {
    if (!protocol.starts_with(environmentProtocol)) continue;
    auto environment = environmentOf(std::string_view(protocol).substr(environmentProtocol.size()));
    if (!environment) return std::unexpected(std::move(environment).error());
    spec.environment = std::move(*environment);
  }
  return spec;
}

/// Since July 2026: made and joined at once.
Task<void> createAndConnect(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  if (daemon->release() == Release::v190) {
    // It takes it for the look-up of a session of that name.
    auto reply = ptyError(404, "PTY session not found");
    co_return co_await exchange->reply(std::move(reply));
  }
  auto spec = wantedTerminal(exchange->request(), exchange->subprotocols());
  if (!spec) co_return std::unexpected(std::move(spec).error());
  const auto id = spec->id;
  auto pty = std::make_shared<Pty>(daemon, std::move(*spec));
  if (!daemon->terminals().add(pty)) {
    auto reply = ptyError(409, "PTY session with ID '" + id + "' already exists");
    co_return co_await exchange->reply(std::move(reply));
  }
  co_return co_await serveTerminal(std::move(pty), std::move(exchange));
}

}  // namespace

void addTerminalRoutes(ToolboxRoutes& routes) {
  routes.on("POST", "/process/pty", createPty);
  routes.on("GET", "/process/pty", listPtys);
  routes.stream("GET", "/process/pty/create-connect", createAndConnect).query({"id", "cols", "rows", "cwd"});
  routes.on("GET", "/process/pty/{sessionId}", getPty);
  routes.on("DELETE", "/process/pty/{sessionId}", deletePty);
  routes.on("POST", "/process/pty/{sessionId}/resize", resizePty);
  routes.stream("GET", "/process/pty/{sessionId}/connect", connectPty);
}

}  // namespace mooring::daytona::emulator
