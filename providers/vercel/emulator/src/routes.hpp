// What all routes have in common: who asks, what may be asked, and the headers of every answer.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/router.hpp>

#include "rate_limits.hpp"
#include "world.hpp"

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace mooring::vercel::emulated {

/// One request of somebody who may ask.
struct Call {
  emulation::ExchangePtr exchange = {};  ///< Its answers get the general headers.
  Scope scope = {};                      ///< The project may be empty.
  std::string tokenProject = {};         ///< The only one that the token is good for; empty: any.

  [[nodiscard]] const emulation::Request& request() const { return exchange->request(); }
  [[nodiscard]] std::string param(std::string_view name) const { return request().param(name); }
};

/// Answers with a whole reply, or (after call.exchange->begin()) sends it itself.
using Handler = Task<emulation::Reply> (*)(WorldPtr world, Call call);
using StreamHandler = std::function<Task<void>(WorldPtr world, Call call)>;
using BareHandler = Task<void> (*)(WorldPtr world, emulation::ExchangePtr exchange);

class Routes {
 public:
  Routes(emulation::Router& router, WorldPtr world)
      : router_(router), world_(std::move(world)), limits_(std::make_shared<RateLimits>()) {}

  /// `query`: what it takes besides teamId and slug.
  void on(std::string method,
          std::string path,
          std::initializer_list<std::string_view> query,
          Handler handler);
  void stream(std::string method,
              std::string path,
              std::initializer_list<std::string_view> query,
              StreamHandler handler);
  /// Neither token nor team; only at the root.
  void bare(std::string method,
            std::string path,
            std::initializer_list<std::string_view> query,
            BareHandler handler);

 private:
  emulation::Router& router_;
  WorldPtr world_;
  std::shared_ptr<RateLimits> limits_;
};

void addCreateRoutes(Routes& routes);
void addSandboxRoutes(Routes& routes);
void addSessionRoutes(Routes& routes);
void addCommandRoutes(Routes& routes);
void addFileRoutes(Routes& routes);
void addSnapshotRoutes(Routes& routes);
void addDriveRoutes(Routes& routes);
void addInteractiveRoutes(Routes& routes);

/// That a project was said, and may be used. Errors: 400; 403; 404 (there is no such project).
Result<void> requireProject(const World& world, const Call& call);

}  // namespace mooring::vercel::emulated
