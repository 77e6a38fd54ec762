// Pushed changes: Socket.IO 4 over a WebSocket, as far as Daytona's clients use it.
#pragma once

#include <mooring/emulation/router.hpp>
#include <mooring/emulation/waiting.hpp>

#include "world.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace mooring::daytona::emulator {

/// Threads: the loop. Lifetime: longer than its connections.
class Events {
 public:
  /// Tells of every change of `world` from now on.
  explicit Events(World& world);

  void addRoutes(emulation::Router& router);

 private:
  struct Listener {
    explicit Listener(const boost::asio::any_io_executor& loop) : changed(loop) {}
    std::string organizationId = {};
    std::deque<std::string> waiting = {};
    bool ended = false;
    emulation::Notice changed;
  };
  using ListenerPtr = std::shared_ptr<Listener>;

  Task<void> serve(emulation::ExchangePtr exchange);
  /// The client's first word: its credential. Errors: unavailable (it left), unauthenticated.
  Task<Caller> greet(std::shared_ptr<http::WebSocket> socket, std::string sid, std::string organization);
  static boost::asio::awaitable<void> listen(std::shared_ptr<http::WebSocket> socket, ListenerPtr listener);
  void tell(const SandboxFacts& facts, State before, State now);

  World& world_;
  std::vector<ListenerPtr> listeners_;
};

}  // namespace mooring::daytona::emulator
