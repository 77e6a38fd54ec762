#include "toolbox/routes.hpp"

#include "toolbox/errors.hpp"

namespace mooring::daytona::emulator {

namespace {

const std::string prefix = "/toolbox/{sandboxId}";

Task<emulation::Reply> answer(DaemonFinder find,
                              ToolboxRoutes::Handler handler,
                              emulation::ExchangePtr exchange) {
  auto daemon = co_await find(exchange);
  if (!daemon) co_return std::unexpected(std::move(daemon).error());
  co_return co_await handler(std::move(*daemon), std::move(exchange));
}

Task<void> serve(DaemonFinder find, ToolboxRoutes::StreamHandler handler, emulation::ExchangePtr exchange) {
  auto daemon = co_await find(exchange);
  if (!daemon) co_return std::unexpected(std::move(daemon).error());
  co_return co_await handler(std::move(*daemon), std::move(exchange));
}

Task<emulation::Reply> notEmulated(DaemonPtr /*daemon*/, emulation::ExchangePtr exchange) {
  co_return refusal(501, "NOT_IMPLEMENTED", exchange->request().route + " is not emulated");
}

}  // namespace

emulation::Route& ToolboxRoutes::on(std::string method, const std::string& path, Handler handler) {
  return router_.on(
      std::move(method), prefix + path, [find = find_, handler](emulation::ExchangePtr exchange) {
        return answer(find, handler, std::move(exchange));
      });
}

emulation::Route& ToolboxRoutes::stream(std::string method, const std::string& path, StreamHandler handler) {
  return router_.stream(
      std::move(method), prefix + path, [find = find_, handler](emulation::ExchangePtr exchange) {
        return serve(find, handler, std::move(exchange));
      });
}

void ToolboxRoutes::absent(std::string method, const std::string& path) {
  on(std::move(method), path, notEmulated).anyQuery();
}

void addToolboxRoutes(emulation::Router& router, DaemonFinder find) {
  ToolboxRoutes routes(router, std::move(find));
  addExecuteRoutes(routes);
  addCodeRoutes(routes);
  addFileRoutes(routes);
  addContentRoutes(routes);
  addBulkRoutes(routes);
  addSearchRoutes(routes);
  addSessionRoutes(routes);
  addSessionLogRoutes(routes);
  addTerminalRoutes(routes);
  addGitRoutes(routes);
  addGitRemoteRoutes(routes);
  addSystemRoutes(routes);
  addAbsentRoutes(routes);
}

}  // namespace mooring::daytona::emulator
