#include "toolbox/routes.hpp"

#include "toolbox/errors.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::daytona::emulator {

namespace {

const std::string prefix = "/toolbox/{sandboxId}";

std::unexpected<Error> unknownTo(const Daemon& daemon, const emulation::Request& request) {
  return refusal(
      404, "NOT_FOUND", fmt::format("daemon {} does not know {}", toString(daemon.release()), request.route));
}

Task<emulation::Reply> answer(DaemonFinder find,
                              ToolboxRoutes::Handler handler,
                              Release since,
                              emulation::ExchangePtr exchange) {
  auto daemon = co_await find(exchange);
  if (!daemon) co_return std::unexpected(std::move(daemon).error());
  Result<emulation::Reply> reply = unknownTo(**daemon, exchange->request());
  if ((*daemon)->release() >= since) reply = co_await handler(*daemon, exchange);
  if (!reply && (*daemon)->release() == Release::v190)
    co_return olderErrorReply(exchange->request(), reply.error(), (*daemon)->now());
  co_return reply;
}

Task<void> serve(DaemonFinder find,
                 ToolboxRoutes::StreamHandler handler,
                 Release since,
                 emulation::ExchangePtr exchange) {
  auto daemon = co_await find(exchange);
  if (!daemon) co_return std::unexpected(std::move(daemon).error());
  Result<void> served = unknownTo(**daemon, exchange->request());
  if ((*daemon)->release() >= since) served = co_await handler(*daemon, exchange);
  if (served || exchange->begun() || (*daemon)->release() != Release::v190) co_return served;
  auto reply = olderErrorReply(exchange->request(), served.error(), (*daemon)->now());
  co_return co_await exchange->reply(std::move(reply));
}

Task<emulation::Reply> notEmulated(DaemonPtr /*daemon*/, emulation::ExchangePtr exchange) {
  co_return refusal(501, "NOT_IMPLEMENTED", exchange->request().route + " is not emulated");
}

}  // namespace

emulation::Route& ToolboxRoutes::on(std::string method,
                                    const std::string& path,
                                    Handler handler,
                                    Release since) {
  return router_.on(
      std::move(method), prefix + path, [find = find_, handler, since](emulation::ExchangePtr exchange) {
        return answer(find, handler, since, std::move(exchange));
      });
}

emulation::Route& ToolboxRoutes::stream(std::string method,
                                        const std::string& path,
                                        StreamHandler handler,
                                        Release since) {
  return router_.stream(
      std::move(method), prefix + path, [find = find_, handler, since](emulation::ExchangePtr exchange) {
        return serve(find, handler, since, std::move(exchange));
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
