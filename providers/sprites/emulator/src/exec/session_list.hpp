// What the API says about sessions.
#pragma once

#include "routes.hpp"

namespace mooring::sprites::emulated {

/// GET …/exec: those that run.
Task<void> listSessions(WorldPtr world, Call call);
/// GET …/exec/{session}. Errors: 404.
Task<void> showSession(WorldPtr world, Call call);

}  // namespace mooring::sprites::emulated
