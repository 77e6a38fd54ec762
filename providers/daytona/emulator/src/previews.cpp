#include "previews.hpp"

#include <mooring/emulation/strict.hpp>
#include <mooring/http/url.hpp>

#include "control.hpp"

#include <algorithm>
#include <array>

namespace mooring::daytona::emulator {

using emulation::ExchangePtr;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;
using emulation::Request;

namespace {

constexpr std::int64_t highestPort = 65535;
constexpr std::int64_t longestPass = 86400;
constexpr std::size_t passLength = 16;
/// Terminal, toolbox and recordings: never open to everybody.
constexpr std::array<int, 3> guardedPorts = {22222, 2280, 33333};
constexpr const char* tokenHeader = "X-Daytona-Preview-Token";
constexpr const char* tokenParameter = "DAYTONA_SANDBOX_AUTH_KEY";

/// The target without the token in its query: that is for the proxy alone.
std::string targetWithout(const Request& request, std::string_view parameter) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& pair : request.query) {
    if (pair.first != parameter) kept.push_back(pair);
  }
  if (kept.size() == request.query.size()) return request.target;
  return request.path + http::queryString(kept);
}

std::string cookieOf(const Request& request, const std::string& name) {
  for (const auto header : request.headers.all("Cookie")) {
    const auto at = header.find(name + "=");
    if (at == std::string_view::npos) continue;
    auto value = header.substr(at + name.size() + 1);
    return std::string(value.substr(0, value.find(';')));
  }
  return {};
}

}  // namespace

Previews::Previews(World& world)
    : world_(world), addresses_(world.stage().loop, std::bind_front(&Previews::enter, this)) {}

Result<std::string> Previews::link(const Sandbox& sandbox, int port) {
  return addresses_.addressOf(std::to_string(port) + "-" + sandbox.facts.id);
}

Result<Previews::Signed> Previews::sign(const Sandbox& sandbox, int port, std::chrono::seconds lifetime) {
  Signed link;
  link.token = world_.newToken(passLength);
  auto url = addresses_.addressOf(std::to_string(port) + "-" + link.token);
  if (!url) return std::unexpected(std::move(url).error());
  link.url = std::move(*url);
  passes_[link.token] = Pass{sandbox.facts.id, port, world_.now() + lifetime};
  return link;
}

Result<void> Previews::expire(const Sandbox& sandbox, int port, const std::string& token) {
  const auto pass = passes_.find(token);
  if (pass == passes_.end() || pass->second.sandboxId != sandbox.facts.id || pass->second.port != port) {
    return refused(404, "Signed preview URL token not found");
  }
  passes_.erase(pass);
  return {};
}

bool Previews::mayEnter(const Sandbox& sandbox, int port, const Request& request) const {
  if (sandbox.facts.isPublic && std::ranges::find(guardedPorts, port) == guardedPorts.end()) return true;
  const auto caller = world_.authenticate(request);
  if (caller && caller->organizationId == sandbox.facts.organizationId) return true;
  const auto& token = sandbox.previewToken;
  return request.headers.get(tokenHeader) == token || request.queryValue(tokenParameter) == token ||
         cookieOf(request, "daytona-sandbox-auth-" + sandbox.facts.id) == token;
}

Task<void> Previews::enter(std::string key, ExchangePtr exchange) {
  const auto dash = key.find('-');
  const int port = std::stoi(key.substr(0, dash));
  std::string id = key.substr(dash + 1);
  bool allowed = false;
  const auto pass = passes_.find(id);
  if (pass != passes_.end()) {
    allowed = world_.now() < pass->second.expiresAt;
    id = pass->second.sandboxId;
  }
  const auto sandbox = world_.byId(id);
  const auto& request = exchange->request();
  allowed = allowed || (sandbox && mayEnter(*sandbox, port, request));
  if (!allowed) {
    Reply login;
    login.status = 307;
    login.headers.add("Location", world_.stage().baseUrl + "/api/login");
    co_return co_await exchange->reply(std::move(login));
  }
  if (sandbox->told() != State::started || !sandbox->machine) {
    auto asleep = emulation::textReply(400,
                                       "bad request: failed to get runner info: is the Sandbox started?");
    co_return co_await exchange->reply(std::move(asleep));
  }
  sandbox->facts.lastActivityAt = world_.now();
  emulation::ForwardOptions options;
  options.target = targetWithout(request, tokenParameter);
  options.dropHeaders = {tokenHeader, "X-Daytona-Skip-Preview-Warning", "X-Daytona-Disable-CORS"};
  if (world_.authenticate(request)) options.dropHeaders.emplace_back("Authorization");
  if (request.queryValue(tokenParameter)) {
    options.addHeaders.add(
        "Set-Cookie", "daytona-sandbox-auth-" + id + "=" + sandbox->previewToken + "; Path=/; Max-Age=3600");
  }
  auto done = co_await emulation::forward(exchange, static_cast<std::uint16_t>(port), std::move(options));
  if (done || exchange->begun()) co_return done;
  auto refusal = emulation::textReply(emulation::statusOf(done.error()), done.error().message);
  co_return co_await exchange->reply(std::move(refusal));
}

namespace {

Result<int> portOf(const Call& call) {
  auto port = emulation::parseInteger("port", call.request().param("port"), 1, highestPort);
  if (!port) return std::unexpected(std::move(port).error());
  return static_cast<int>(*port);
}

Task<Reply> previewUrl(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto port = portOf(call);
  if (!port) co_return std::unexpected(std::move(port).error());
  auto url = control.previews.link(**sandbox, *port);
  if (!url) co_return std::unexpected(std::move(url).error());
  boost::json::object body;
  body["sandboxId"] = (*sandbox)->facts.id;
  body["url"] = *url;
  body["token"] = (*sandbox)->previewToken;
  co_return jsonReply(200, body);
}

Task<Reply> signedPreviewUrl(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto port = portOf(call);
  if (!port) co_return std::unexpected(std::move(port).error());
  auto lifetime = emulation::parseInteger(
      "expiresInSeconds", call.request().queryValue("expiresInSeconds").value_or("60"), 1, longestPass);
  if (!lifetime) co_return std::unexpected(std::move(lifetime).error());
  auto link = control.previews.sign(**sandbox, *port, std::chrono::seconds(*lifetime));
  if (!link) co_return std::unexpected(std::move(link).error());
  boost::json::object body;
  body["sandboxId"] = (*sandbox)->facts.id;
  body["port"] = *port;
  body["token"] = link->token;
  body["url"] = link->url;
  co_return jsonReply(200, body);
}

Task<Reply> expireSigned(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto port = portOf(call);
  if (!port) co_return std::unexpected(std::move(port).error());
  auto expired = control.previews.expire(**sandbox, *port, call.request().param("token"));
  if (!expired) co_return std::unexpected(std::move(expired).error());
  co_return emulation::emptyReply(201);
}

Task<Reply> toolboxProxyUrl(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  boost::json::object body;
  body["url"] = control.world.toolboxUrl();
  co_return jsonReply(200, body);
}

Task<Reply> signingKey(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  co_return jsonReply(200, boost::json::value((*sandbox)->signingKey));
}

Task<Reply> rotateSigningKey(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  (*sandbox)->signingKey = "sk-" + control.world.newToken(40);
  co_return jsonReply(200, boost::json::value((*sandbox)->signingKey));
}

}  // namespace

void addPreviewRoutes(ControlRoutes& routes) {
  const std::string port = "/sandbox/{sandboxIdOrName}/ports/{port}/";
  routes.on("GET", port + "preview-url", previewUrl);
  routes.on("GET", port + "signed-preview-url", signedPreviewUrl);
  routes.on("POST", port + "signed-preview-url/{token}/expire", expireSigned);
  routes.on("GET", "/sandbox/{sandboxId}/toolbox-proxy-url", toolboxProxyUrl);
  routes.on("GET", "/sandbox/{sandboxId}/signing-key", signingKey);
  routes.on("POST", "/sandbox/{sandboxId}/signing-key/rotate", rotateSigningKey);
}

}  // namespace mooring::daytona::emulator
