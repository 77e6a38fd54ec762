#include "preview.hpp"

#include <mooring/emulation/proxy.hpp>

#include "world.hpp"

#include <algorithm>

namespace mooring::vercel::emulated {

namespace {

struct Found {
  SandboxPtr sandbox = {};
  int port = 0;
};

Found findRoute(const World& world, const std::string& subdomain) {
  for (const auto& [key, sandbox] : world.sandboxes) {
    for (const auto& route : sandbox->routes) {
      if (route.subdomain == subdomain) return {sandbox, route.port};
    }
  }
  return {};
}

emulation::Reply edgePage(int status, const std::string& code) {
  auto page = emulation::textReply(status, "An error occurred with this sandbox.\n\n" + code + "\n");
  page.headers.add("x-vercel-error", code);
  return page;
}

/// The page that the edge itself shows, if the sandbox cannot answer.
std::optional<emulation::Reply> ownPage(const Found& found) {
  if (!found.sandbox) return edgePage(404, "SANDBOX_NOT_FOUND");
  switch (found.sandbox->current()->status) {
    case Status::pending:
    case Status::running:
      return std::nullopt;
    case Status::stopping:
      return edgePage(410, "SANDBOX_STOPPING");
    case Status::snapshotting:
      return edgePage(410, "SANDBOX_SNAPSHOTTING");
    case Status::stopped:
    case Status::failed:
    case Status::aborted:
      break;
  }
  return edgePage(410, "SANDBOX_STOPPED");
}

}  // namespace

Result<void> setRoutes(World& world, Sandbox& sandbox, const std::vector<int>& ports) {
  std::vector<Route> routes;
  for (const int port : ports) {
    const auto known = std::ranges::find(sandbox.routes, port, &Route::port);
    if (known != sandbox.routes.end()) {
      routes.push_back(*known);
      continue;
    }
    Route route;
    route.port = port;
    route.subdomain = world.newSubdomain();
    auto address = world.previews.addressOf(route.subdomain);
    if (!address) return std::unexpected(std::move(address).error());
    route.url = std::move(*address);
    routes.push_back(std::move(route));
  }
  sandbox.routes = std::move(routes);
  return {};
}

Task<void> servePreview(std::shared_ptr<World> world,
                        std::string subdomain,
                        emulation::ExchangePtr exchange) {
  const auto found = findRoute(*world, subdomain);
  if (auto page = ownPage(found)) co_return co_await exchange->reply(std::move(*page));
  emulation::ForwardOptions options;
  auto passed = co_await emulation::forward(
      exchange, static_cast<std::uint16_t>(found.port), std::move(options));
  if (passed || exchange->begun() || passed.error().httpStatus != 502) co_return passed;
  auto page = edgePage(502, "SANDBOX_NOT_LISTENING");
  co_return co_await exchange->reply(std::move(page));
}

}  // namespace mooring::vercel::emulated
