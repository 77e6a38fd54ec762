// Durations as Go writes them.
#pragma once

#include <mooring/error.hpp>

#include <chrono>
#include <string_view>

namespace mooring::sprites::emulated {

/// "10s", "1m30s", "1.5h", "0". Errors: 400 naming the parameter.
Result<std::chrono::milliseconds> parseDuration(std::string_view name, std::string_view text);

}  // namespace mooring::sprites::emulated
