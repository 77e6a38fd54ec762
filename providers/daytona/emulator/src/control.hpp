// The control plane: what its handlers share, and how they are put behind their checks.
#pragma once

#include <mooring/emulation/router.hpp>
#include <mooring/emulation/schema.hpp>

#include "previews.hpp"
#include "snapshots.hpp"
#include "volumes.hpp"
#include "world.hpp"

#include <boost/json/object.hpp>

#include <set>
#include <string>

namespace mooring::daytona::emulator {

/// Threads: the loop.
struct Control {
  Control(const emulation::Stage& stage, const Settings& settings, emulation::Schemas described)
      : schemas(std::move(described)),
        world(stage, settings),
        volumes(world),
        snapshots(world),
        previews(world) {}

  emulation::Schemas schemas;
  World world;
  Volumes volumes;
  Snapshots snapshots;
  Previews previews;
};

/// One request, its caller known and its body checked.
struct Call {
  emulation::ExchangePtr exchange = {};
  Caller caller = {};
  boost::json::object body = {};

  [[nodiscard]] const emulation::Request& request() const { return exchange->request(); }
  /// The sandbox in the path, by id or name.
  [[nodiscard]] std::string sandbox() const;
};

enum class Access { byKey, open };

/// Puts handlers behind authentication and the API description. Paths are below /api.
class ControlRoutes {
 public:
  using Handler = Task<emulation::Reply> (*)(Control&, Call);

  ControlRoutes(emulation::Router& router, Control& control) : router_(router), control_(control) {}

  void on(const std::string& method, const std::string& path, Handler handler, Access access = Access::byKey);
  /// What the description has and no handler: 501, by name.
  void refuseTheRest();

 private:
  emulation::Router& router_;
  Control& control_;
  std::set<std::string> added_;
};

// Each in the file of its name.
void addAccountRoutes(ControlRoutes& routes);
void addBuildRoutes(ControlRoutes& routes);
void addCreateRoutes(ControlRoutes& routes);
void addLifecycleRoutes(ControlRoutes& routes);
void addListingRoutes(ControlRoutes& routes);
void addPreviewRoutes(ControlRoutes& routes);
void addPropertyRoutes(ControlRoutes& routes);
void addSnapshotRoutes(ControlRoutes& routes);
void addVolumeRoutes(ControlRoutes& routes);

/// The sandbox as it is told now.
emulation::Reply reply(const Control& control, const Sandbox& sandbox);
emulation::Reply reply(const Control& control, const Sandbox& sandbox, State told);

}  // namespace mooring::daytona::emulator
