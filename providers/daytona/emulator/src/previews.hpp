// Preview links: an address of its own on loopback for each, and who may pass.
#pragma once

#include <mooring/emulation/proxy.hpp>

#include "world.hpp"

#include <map>
#include <string>

namespace mooring::daytona::emulator {

/// Threads: the loop.
class Previews {
 public:
  explicit Previews(World& world);

  /// The standing link to a port; who comes needs the sandbox's token, unless it is public.
  Result<std::string> link(const Sandbox& sandbox, int port);

  struct Signed {
    std::string token = {};
    std::string url = {};
  };
  /// A link that needs nothing else, until it expires.
  Result<Signed> sign(const Sandbox& sandbox, int port, std::chrono::seconds lifetime);
  /// Errors: status 404.
  Result<void> expire(const Sandbox& sandbox, int port, const std::string& token);

  Task<void> stop() { return addresses_.stop(); }

 private:
  struct Pass {
    std::string sandboxId = {};
    int port = 0;
    Timestamp expiresAt = {};
  };

  Task<void> enter(std::string key, emulation::ExchangePtr exchange);
  [[nodiscard]] bool mayEnter(const Sandbox& sandbox, int port, const emulation::Request& request) const;

  World& world_;
  emulation::PreviewAddresses addresses_;
  std::map<std::string, Pass> passes_;  ///< By token.
};

}  // namespace mooring::daytona::emulator
