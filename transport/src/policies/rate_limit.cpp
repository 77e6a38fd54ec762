#include <mooring/http/policies/rate_limit.hpp>

#include <algorithm>

namespace mooring::http {

void RateLimitMemory::close(const std::string& bucket, Timestamp until) {
  auto& known = closedUntil_[bucket];
  known = std::max(known, until);
}

std::chrono::milliseconds RateLimitMemory::wait(const std::string& bucket, Timestamp now) const {
  const auto found = closedUntil_.find(bucket);
  if (found == closedUntil_.end() || found->second <= now) return std::chrono::milliseconds(0);
  return found->second - now;
}

namespace {

using std::chrono::milliseconds;

class RememberedLimits final : public Transport {
 public:
  RememberedLimits(std::shared_ptr<Transport> next, RateLimitParts parts, milliseconds longest)
      : next_(std::move(next)), parts_(std::move(parts)), longest_(longest) {}

  Task<Response> send(Request request) override {
    // Again after each wait: another 429 may have come in meanwhile.
    for (;;) {
      const auto wait = parts_.memory->wait(request.bucket, parts_.clock->now());
      if (wait.count() == 0) break;
      if (auto refused = tooLong(request, wait)) co_return std::unexpected(*std::move(refused));
      // All who waited would otherwise arrive at the same moment.
      const auto spread = milliseconds(static_cast<int>(parts_.random->fraction() * 250));
      auto slept = co_await parts_.pause->sleep(wait + spread);
      if (!slept) co_return std::unexpected(std::move(slept).error());
    }
    const auto bucket = request.bucket;
    auto response = co_await next_->send(std::move(request));
    if (response && response->status == 429) {
      const auto now = parts_.clock->now();
      if (const auto wait = retryAfterOf(*response, now)) parts_.memory->close(bucket, now + *wait);
    }
    co_return response;
  }

 private:
  [[nodiscard]] std::optional<Error> tooLong(const Request& request, milliseconds wait) const {
    const bool late = request.deadline && std::chrono::steady_clock::now() + wait >= *request.deadline;
    if (!late && wait <= longest_) return std::nullopt;
    auto error = makeError(Errc::rateLimited, "the account's rate limit is used up; nothing was sent");
    error.retryAfter = wait;
    return error;
  }

  std::shared_ptr<Transport> next_;
  RateLimitParts parts_;
  milliseconds longest_;
};

}  // namespace

std::shared_ptr<Transport> withRateLimitMemory(std::shared_ptr<Transport> next,
                                               RateLimitParts parts,
                                               milliseconds longest) {
  return std::make_shared<RememberedLimits>(std::move(next), std::move(parts), longest);
}

}  // namespace mooring::http
