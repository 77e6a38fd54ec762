// What all routes have in common: who asks, and how long an address may be.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/router.hpp>

#include "waking.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace mooring::sprites::emulated {

/// One request of somebody who may ask.
struct Call {
  emulation::ExchangePtr exchange = {};
  std::string organization = {};

  [[nodiscard]] const emulation::Request& request() const { return exchange->request(); }
  [[nodiscard]] std::string param(std::string_view name) const { return request().param(name); }
};

/// Answers with a whole reply, or (after call.exchange->begin()) sends it itself.
using Handler = Task<emulation::Reply> (*)(WorldPtr world, Call call);
using StreamHandler = Task<void> (*)(WorldPtr world, Call call);

/// The sprite of the address, awake as long as this is held.
struct Awake {
  SpritePtr sprite = {};
  HoldPtr hold = {};

  [[nodiscard]] emulation::Machine& machine() const { return *sprite->machine; }
};

class Routes {
 public:
  Routes(emulation::Router& router, WorldPtr world) : router_(router), world_(std::move(world)) {}

  void on(std::string method,
          std::string path,
          std::initializer_list<std::string_view> query,
          Handler handler);
  void stream(std::string method,
              std::string path,
              std::initializer_list<std::string_view> query,
              StreamHandler handler);
  /// Of one sprite: `path` is below /v1/sprites/{name}.
  void onSprite(std::string method,
                const std::string& path,
                std::initializer_list<std::string_view> query,
                Handler handler);
  void streamOfSprite(std::string method,
                      const std::string& path,
                      std::initializer_list<std::string_view> query,
                      StreamHandler handler);
  /// Without a token.
  void bare(std::string method, std::string path, StreamHandler handler);

 private:
  emulation::Router& router_;
  WorldPtr world_;
};

void addManagementRoutes(Routes& routes);
void addListRoutes(Routes& routes);
void addUpkeepRoutes(Routes& routes);
void addFileRoutes(Routes& routes);
void addFileChangeRoutes(Routes& routes);
void addExecRoutes(Routes& routes);
void addSessionRoutes(Routes& routes);
void addHttpExecRoutes(Routes& routes);
void addCheckpointRoutes(Routes& routes);
void addPolicyRoutes(Routes& routes);
void addServiceRoutes(Routes& routes);
void addPortRoutes(Routes& routes);
void addFileWatchRoutes(Routes& routes);

/// Errors: 404.
Result<SpritePtr> spriteOf(World& world, const Call& call);
/// Errors: 404; 429; 502.
Task<Awake> awakeSprite(WorldPtr world, Call call);

}  // namespace mooring::sprites::emulated
