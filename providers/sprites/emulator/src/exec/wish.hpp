// What the query of an exec call asks for.
#pragma once

#include <mooring/emulation/message.hpp>

#include "exec/session.hpp"

namespace mooring::sprites::emulated {

/// Errors: 400.
Result<SessionSpec> parseExec(const emulation::Request& request);

}  // namespace mooring::sprites::emulated
