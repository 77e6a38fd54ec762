// What requests to the control plane may look like.
#pragma once

#include <string_view>

namespace mooring::daytona::emulator {

/// schema/control.json.
extern const std::string_view controlSchema;

}  // namespace mooring::daytona::emulator
