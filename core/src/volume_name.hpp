// The one rule for names of volumes, wherever one is given.
#pragma once

#include <mooring/error.hpp>

#include <string>

namespace mooring::detail {

/// Errors: invalidArgument, saying what a name may be.
Result<void> checkVolumeName(const std::string& name);

}  // namespace mooring::detail
