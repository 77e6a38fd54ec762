// Commands over NDJSON.
#pragma once

#include <mooring/emulation/exchange.hpp>

#include "world.hpp"

namespace mooring::vercel::emulated {

enum class StreamShows { commandAndLogs, command, logs };

/// From its beginning to its end, one line at a time. When the session ends first: an error line.
Task<void> streamCommand(WorldPtr world,
                         emulation::ExchangePtr exchange,
                         SessionPtr session,
                         CommandRunPtr command,
                         StreamShows shows);

/// Until it is over; false when the time limit of a reply passed first.
Task<bool> awaitCommand(WorldPtr world, CommandRunPtr command);

}  // namespace mooring::vercel::emulated
