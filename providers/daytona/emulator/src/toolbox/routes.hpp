// The table of the toolbox's routes.
#pragma once

#include <mooring/emulation/router.hpp>

#include "toolbox/daemon.hpp"

#include <functional>
#include <string>
#include <utility>

namespace mooring::daytona::emulator {

/// Says whose daemon a request is for, or why it may not speak to it: credentials first, then the sandbox's
/// state.
using DaemonFinder = std::function<Task<DaemonPtr>(emulation::ExchangePtr)>;

/// Puts handlers behind the finder. Paths are below "/toolbox/{sandboxId}".
class ToolboxRoutes {
 public:
  using Handler = Task<emulation::Reply> (*)(DaemonPtr, emulation::ExchangePtr);
  using StreamHandler = Task<void> (*)(DaemonPtr, emulation::ExchangePtr);

  ToolboxRoutes(emulation::Router& router, DaemonFinder find) : router_(router), find_(std::move(find)) {}

  /// `since`: daemons older than that do not know it and answer 404.
  emulation::Route& on(std::string method,
                       const std::string& path,
                       Handler handler,
                       Release since = Release::v190);
  emulation::Route& stream(std::string method,
                           const std::string& path,
                           StreamHandler handler,
                           Release since = Release::v190);
  /// Known, and not emulated: 501, by name.
  void absent(std::string method, const std::string& path);

 private:
  emulation::Router& router_;
  DaemonFinder find_;
};

/// All of the toolbox. `find` is called for each request.
void addToolboxRoutes(emulation::Router& router, DaemonFinder find);

// Each in the file of its name.
void addExecuteRoutes(ToolboxRoutes& routes);
void addCodeRoutes(ToolboxRoutes& routes);
void addFileRoutes(ToolboxRoutes& routes);
void addContentRoutes(ToolboxRoutes& routes);
void addBulkRoutes(ToolboxRoutes& routes);
void addSearchRoutes(ToolboxRoutes& routes);
void addSessionRoutes(ToolboxRoutes& routes);
void addSessionLogRoutes(ToolboxRoutes& routes);
void addTerminalRoutes(ToolboxRoutes& routes);
void addGitRoutes(ToolboxRoutes& routes);
void addGitRemoteRoutes(ToolboxRoutes& routes);
void addSystemRoutes(ToolboxRoutes& routes);
void addAbsentRoutes(ToolboxRoutes& routes);

}  // namespace mooring::daytona::emulator
