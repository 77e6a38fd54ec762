// A terminal over a WebSocket.
#pragma once

#include <mooring/emulation/exchange.hpp>

#include "toolbox/terminals.hpp"

namespace mooring::daytona::emulator {

/// Joins the client to `pty`, which is started if it was not: output as binary messages, what the client
/// sends as it is to the terminal, control messages as text. Returns when one of the two is gone.
Task<void> serveTerminal(PtyPtr pty, emulation::ExchangePtr exchange);

}  // namespace mooring::daytona::emulator
