// The typed options as they are stored in a config.
#pragma once

#include <mooring/config.hpp>
#include <mooring/sprites/options.hpp>

namespace mooring::sprites {

/// Errors: invalidArgument naming the member that is unknown or of the wrong type.
Result<Options> optionsOf(const SandboxConfig& config);

}  // namespace mooring::sprites
