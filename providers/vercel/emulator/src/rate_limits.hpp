// How many requests each route takes in a while.
#pragma once

#include <mooring/http/headers.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace mooring::vercel::emulated {

struct Allowance {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t resetMs = 0;  ///< When it is full again, since 1970.
  bool exceeded = false;

  [[nodiscard]] http::Headers headers() const;
};

class RateLimits {
 public:
  /// Counts one request.
  Allowance take(const std::string& team,
                 const std::string& method,
                 const std::string& path,
                 std::int64_t nowMs);

 private:
  struct Window {
    std::int64_t endMs = 0;
    std::int64_t taken = 0;
  };
  std::map<std::pair<std::string, std::string>, Window> windows_;
};

}  // namespace mooring::vercel::emulated
