#include "rate_limits.hpp"

#include <algorithm>

namespace mooring::vercel::emulated {

namespace {

struct Rate {
  std::int64_t limit;
  std::int64_t windowMs;
};

/// As seen: creating and deleting are scarce, all else is not.
Rate rateOf(const std::string& method, const std::string& path) {
  const bool creates = method == "POST" && path.ends_with("/sandboxes");
  const bool deletes = method == "DELETE" &&
                       (path.ends_with("/sandboxes/{name}") || path.ends_with("/{snapshotId}"));
  return creates || deletes ? Rate{20, 3'000} : Rate{1'000, 60'000};
}

}  // namespace

http::Headers Allowance::headers() const {
  http::Headers all;
  all.add("x-ratelimit-limit", std::to_string(limit));
  all.add("x-ratelimit-remaining", std::to_string(remaining));
  all.add("x-ratelimit-reset", std::to_string((resetMs + 999) / 1000));
  return all;
}

Allowance RateLimits::take(const std::string& team,
                           const std::string& method,
                           const std::string& path,
                           std::int64_t nowMs) {
  const auto rate = rateOf(method, path);
  auto& window = windows_[{team, method + " " + path}];
  if (nowMs >= window.endMs) window = Window{nowMs + rate.windowMs, 0};
  ++window.taken;
  Allowance allowance;
  allowance.limit = rate.limit;
  allowance.remaining = std::max<std::int64_t>(rate.limit - window.taken, 0);
  allowance.resetMs = window.endMs;
  allowance.exceeded = window.taken > rate.limit;
  return allowance;
}

}  // namespace mooring::vercel::emulated
