// Every request of an emulator passes here: routing, strictness, faults, the ledger.
#pragma once

#include <mooring/emulation/emulator.hpp>

namespace mooring::emulation {

/// Threads: the loop. Lifetime: longer than the server's.
class FrontDoor {
 public:
  FrontDoor(Stage stage, Emulator& emulator);

  Task<void> handle(ExchangePtr exchange);

 private:
  Task<void> handleCounted(ExchangePtr exchange, const Route& route);
  Task<void> underFault(ExchangePtr exchange, const Route& route, Fault fault);
  Task<void> callHandler(ExchangePtr exchange, const Route& route);
  Task<void> refuse(ExchangePtr exchange, Error error);
  void addAdminRoutes();
  Task<Reply> addFaults(ExchangePtr exchange);

  Stage stage_;
  Emulator& emulator_;
  Router router_;
  Router admin_;
};

}  // namespace mooring::emulation
