#include "toolbox_link.hpp"

#include "toolbox/daemon.hpp"
#include "toolbox/errors.hpp"
#include "toolbox/routes.hpp"

namespace mooring::daytona::emulator {

namespace {

Task<DaemonPtr> findDaemon(World& world, emulation::ExchangePtr exchange) {
  auto sandbox = world.reach(exchange->request());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  co_return (*sandbox)->daemon;
}

}  // namespace

void addToolbox(emulation::Router& router, World& world) {
  addToolboxRoutes(
      router, [&world](emulation::ExchangePtr exchange) { return findDaemon(world, std::move(exchange)); });
}

std::shared_ptr<Daemon> bootDaemon(const World& world, const Sandbox& sandbox) {
  DaemonParts parts;
  parts.loop = world.stage().loop;
  parts.sandboxId = sandbox.facts.id;
  parts.release = world.settings().daemon;
  parts.machine = sandbox.machine;
  parts.environment = sandbox.facts.env;
  parts.ledger = world.stage().ledger;
  parts.ids = world.stage().ids;
  parts.clock = world.stage().clock;
  return Daemon::make(std::move(parts));
}

void endDaemon(Daemon& daemon) { daemon.end(); }

emulation::Reply toolboxError(const emulation::Request& request, const Error& error, Timestamp now) {
  return toolboxErrorReply(request, error, now);
}

}  // namespace mooring::daytona::emulator
