/// Trying again, only where that can do no harm.
#pragma once

#include <mooring/http/retry_after.hpp>
#include <mooring/http/transport.hpp>
#include <mooring/sources.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog's own.
}

namespace mooring::http {

/// Waiting, injected so that tests do not.
class Pause {
 public:
  virtual ~Pause() = default;
  /// Errors: cancelled.
  virtual Task<void> sleep(std::chrono::milliseconds duration) = 0;
};
std::shared_ptr<Pause> systemPause();

struct RetryOptions {
  int attempts = 4;  ///< With the first; 1 switches retries off.
  std::chrono::milliseconds base = std::chrono::milliseconds(250);  ///< The first wait is 0 to this, then
                                                                    ///< doubled.
  std::chrono::milliseconds cap = std::chrono::seconds(10);         ///< Of one wait's jitter.
  std::chrono::milliseconds budget = std::chrono::seconds(60);      ///< Of all waits of one request.
  std::vector<int> statuses = {429, 500, 502, 503, 504};            ///< Worth another try, for safe requests.
  /// Replies which prove that nothing was done, so that unsafe requests are repeated too. Unset: those with
  /// status 429.
  std::function<bool(const Response&)> refused = {};
};

/// What is known when one attempt has ended.
struct Attempt {
  int number = 1;
  bool safe = false;                      ///< Doing it twice does no harm.
  bool repeatable = true;                 ///< The body can be sent again and the sink has got nothing yet.
  std::chrono::milliseconds waited = {};  ///< By this request so far.
  std::optional<std::chrono::milliseconds> left = {};  ///< Until the deadline, when there is one.
};

struct Decision {
  std::optional<std::chrono::milliseconds> delay = {};  ///< Unset: no further attempt.
  bool exhausted = false;  ///< Worth another try, but attempts, budget or deadline are used up.
};

/// Full jitter above the server's wish. Pure: the same arguments and fraction give the same answer.
Decision decide(const RetryOptions& options,
                const Attempt& attempt,
                const Result<Response>& outcome,
                double fraction);

struct RetryParts {
  std::shared_ptr<Clock> clock = {};
  std::shared_ptr<Random> random = {};
  std::shared_ptr<Pause> pause = {};
  std::shared_ptr<spdlog::logger> log = {};  ///< May be null.
};

/// Also fills Response::retryAfter, Response::attempts and Error::transience (exhausted).
std::shared_ptr<Transport> withRetries(std::shared_ptr<Transport> next,
                                       RetryParts parts,
                                       RetryOptions options = RetryOptions());

}  // namespace mooring::http
