/// Times as JSON carries them.
#pragma once

#include <mooring/sources.hpp>

#include <optional>
#include <string_view>

namespace mooring::http {

/// RFC 3339: "2026-07-15T12:00:00Z", with a fraction of a second (cut to milliseconds) and an offset if need
/// be.
std::optional<Timestamp> parseInstant(std::string_view text);

}  // namespace mooring::http
