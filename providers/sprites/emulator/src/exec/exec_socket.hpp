// One client of a session, on a WebSocket.
#pragma once

#include "exec/session.hpp"
#include "routes.hpp"

namespace mooring::sprites::emulated {

/// How the socket of a session goes wrong on purpose.
struct ExecManner {
  bool fastPath = false;         ///< Attaches when the command has ended.
  bool exitTextFirst = false;    ///< Its text "exit" comes before the output.
  bool noExit = false;           ///< Closes without saying how it ended.
  bool outputAfterExit = false;  ///< A piece of output comes behind the exit frame.
  bool silence = false;          ///< It stays open, and neither says nor hears anything any more.
};

/// Answers a call with a WebSocket. `attaches`: the session ran before, and what it has printed is replayed.
Task<void> serveSession(WorldPtr world, Call call, Awake awake, SessionPtr session, bool attaches);

}  // namespace mooring::sprites::emulated
