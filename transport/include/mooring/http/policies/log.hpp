/// One debug line for each exchange, without anything private.
#pragma once

#include <mooring/http/transport.hpp>

#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog's own.
}

namespace mooring::http {

/// What may be shown; everything else is only counted.
struct LogOptions {
  std::vector<std::string> headers = {"X-RateLimit-Remaining", "Retry-After"};  ///< Of the reply, by name.
  std::vector<std::string> query = {"limit", "cursor", "state", "wait", "resume"};  ///< Parameters, by name.
};

/// "POST api.example.com/v1/boxes?limit=10&token=*": the target with the values of unlisted parameters
/// masked, or Request::route in place of the path.
std::string redacted(const Request& request, const LogOptions& options = LogOptions());
std::string redactedUrl(std::string_view url, const LogOptions& options = LogOptions());

std::shared_ptr<Transport> withLog(std::shared_ptr<Transport> next,
                                   std::shared_ptr<spdlog::logger> log,
                                   LogOptions options = LogOptions());

}  // namespace mooring::http
