/// What one 429 teaches the other requests of the account.
#pragma once

#include <mooring/http/policies/retry.hpp>
#include <mooring/http/transport.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace mooring::http {

/// Until when each bucket of an account is closed. Shared by all clients that use the account.
/// Threads: the loop's.
class RateLimitMemory {
 public:
  void close(const std::string& bucket, Timestamp until);
  /// Zero when it is open.
  [[nodiscard]] std::chrono::milliseconds wait(const std::string& bucket, Timestamp now) const;

 private:
  std::map<std::string, Timestamp, std::less<>> closedUntil_;
};

struct RateLimitParts {
  std::shared_ptr<RateLimitMemory> memory = {};
  std::shared_ptr<Clock> clock = {};
  std::shared_ptr<Random> random = {};
  std::shared_ptr<Pause> pause = {};
};

/// Holds requests back while their bucket (Request::bucket) is closed, and lets them go spread over a quarter
/// second. Errors: rateLimited, with retryAfter, when that would outlast the deadline or `longest`; nothing
/// was sent then.
std::shared_ptr<Transport> withRateLimitMemory(std::shared_ptr<Transport> next,
                                               RateLimitParts parts,
                                               std::chrono::milliseconds longest = std::chrono::seconds(60));

}  // namespace mooring::http
