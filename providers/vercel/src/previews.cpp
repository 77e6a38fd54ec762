#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"

#include <algorithm>

namespace mooring::vercel {

namespace {

std::string declaredIn(const boost::json::object& routes) {
  std::string out;
  for (const auto& route : routes)
    out += (out.empty() ? "" : ", ") + std::string(route.key());
  return out.empty() ? "none" : out;
}

/// The edge in front of a sandbox says so when there is nothing behind it.
bool saidByEdge(const http::Response& response) {
  const auto code = response.headers.get("X-Vercel-Error").value_or("");
  return code.starts_with("SANDBOX_") || response.body.find("SANDBOX_") != std::string::npos;
}

bool mayBeEdge(int status) { return status == 404 || status == 410 || status == 502 || status == 503; }

}  // namespace

Task<PreviewUrl> Previews::url(Instance instance, int port, CallOptions call) {
  const auto* stored = instance.connection.if_contains("routes");
  boost::json::object routes;
  if (stored != nullptr && stored->is_object()) {
    routes = stored->get_object();
  } else {
    auto seen = co_await lookUp(account_, instance.id.value, std::move(call));
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen) co_return refuse(Errc::gone, "Vercel knows no sandbox " + instance.id.value);
    for (const auto& route : (*seen)->routes)
      routes[std::to_string(route.port)] = route.url;
  }
  const auto* route = routes.if_contains(std::to_string(port));
  if (route == nullptr || !route->is_string()) {
    co_return refuse(Errc::invalidArgument,
                     "port " + std::to_string(port) + " was not declared when the sandbox was made (" +
                         declaredIn(routes) + "): name it in SandboxConfig::ports");
  }
  PreviewUrl out;
  out.url = route->get_string();
  co_return out;
}

Task<bool> Previews::answers(Instance instance, int port, CallOptions call) {
  auto preview = co_await url(std::move(instance), port, call);
  if (!preview) co_return std::unexpected(std::move(preview).error());
  http::Request request;
  request.target = preview->url;
  request.deadline = call.deadline;
  request.timeouts.connect = std::chrono::seconds(5);
  request.timeouts.total = std::chrono::seconds(10);
  auto response = co_await account_->plain.transport->send(std::move(request));
  if (!response) {
    const auto code = response.error().code;
    if (code == Errc::cancelled || code == Errc::deadlineExceeded)
      co_return std::unexpected(std::move(response).error());
    co_return code == Errc::corrupted;  // Too long or not HTTP is an answer all the same.
  }
  co_return !(mayBeEdge(response->status) && saidByEdge(*response));
}

}  // namespace mooring::vercel
