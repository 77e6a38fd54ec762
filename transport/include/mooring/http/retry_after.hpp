/// When a server wants to be asked again.
#pragma once

#include <mooring/http/headers.hpp>
#include <mooring/http/response.hpp>
#include <mooring/sources.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace mooring::http {

/// How long `response` asks to wait, seen at `now`; the longest where several headers speak:
/// Retry-After and Retry-After-<bucket> as seconds or as an HTTP date; failing these, for a 429,
/// X-RateLimit-Reset and X-RateLimit-Reset-<bucket> as seconds or as a time since 1970, of limits that
/// X-RateLimit-Remaining does not show to have something left. Unreadable values count as absent; waits are
/// at most a day.
std::optional<std::chrono::milliseconds> retryAfterOf(const Response& response, Timestamp now);

/// A date in one of the three forms of RFC 9110, 5.6.7.
std::optional<Timestamp> parseHttpDate(std::string_view text);

}  // namespace mooring::http
