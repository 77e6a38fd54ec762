#include <mooring/http/policies/log.hpp>
#include <mooring/http/policies/retry.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/logger.h>

#include <algorithm>
#include <cmath>

namespace asio = boost::asio;

namespace mooring::http {

namespace {

using std::chrono::milliseconds;

class SystemPause final : public Pause {
 public:
  Task<void> sleep(milliseconds duration) override {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return failure(Errc::cancelled, "cancelled while waiting");
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(duration);
    const auto [problem] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (problem) co_return failure(Errc::cancelled, "cancelled while waiting");
    co_return Result<void>();
  }
};

/// Knows whether the body was begun: what has been read once cannot be read again.
class WatchedSource final : public ByteSource {
 public:
  WatchedSource(std::shared_ptr<ByteSource> inner, std::shared_ptr<bool> touched)
      : inner_(std::move(inner)), touched_(std::move(touched)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    *touched_ = true;
    return inner_->read(buffer);
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }

 private:
  std::shared_ptr<ByteSource> inner_;
  std::shared_ptr<bool> touched_;
};

/// Knows whether the sink got something: that cannot be taken back.
class WatchedSink final : public ByteSink {
 public:
  WatchedSink(std::shared_ptr<ByteSink> inner, std::shared_ptr<bool> touched)
      : inner_(std::move(inner)), touched_(std::move(touched)) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    *touched_ = true;
    return inner_->write(bytes);
  }

 private:
  std::shared_ptr<ByteSink> inner_;
  std::shared_ptr<bool> touched_;
};

void watch(Request& request, const std::shared_ptr<bool>& touched) {
  if (request.body.isStream() && !request.body.repeatable()) {
    auto opened = request.body.open();
    if (opened) request.body = Body::stream(std::make_shared<WatchedSource>(std::move(*opened), touched));
  }
  if (request.sink) {
    request.sink = [sink = std::move(request.sink),
                    touched](const Response& head) -> std::shared_ptr<ByteSink> {
      auto inner = sink(head);
      if (!inner) return nullptr;
      return std::make_shared<WatchedSink>(std::move(inner), touched);
    };
  }
}

bool worthAnother(const RetryOptions& options, bool safe, const Result<Response>& outcome) {
  if (!outcome) {
    const auto& error = outcome.error();
    // unavailable says that nothing was sent or that it does not matter; outcomeUnknown says the opposite.
    return error.code == Errc::unavailable && error.transience == Transience::temporary;
  }
  const bool refused = options.refused ? options.refused(*outcome) : outcome->status == 429;
  if (refused) return true;
  return safe && std::ranges::find(options.statuses, outcome->status) != options.statuses.end();
}

milliseconds jitter(const RetryOptions& options, int number, double fraction) {
  const double widest = std::min(
      static_cast<double>(options.cap.count()),
      static_cast<double>(options.base.count()) * std::exp2(std::min(number - 1, 30)));
  return milliseconds(static_cast<std::int64_t>(widest * fraction));
}

class Retries final : public Transport {
 public:
  Retries(std::shared_ptr<Transport> next, RetryParts parts, RetryOptions options)
      : next_(std::move(next)), parts_(std::move(parts)), options_(std::move(options)) {}

  Task<Response> send(Request request) override {
    auto touched = std::make_shared<bool>(false);
    watch(request, touched);
    const bool replays = request.body.repeatable();
    Attempt attempt;
    attempt.safe = isSafe(request);
    for (;; ++attempt.number) {
      request.attempt = attempt.number;
      auto outcome = co_await next_->send(request);
      if (outcome) {
        outcome->attempts += attempt.number - 1;
        if (outcome->status >= 400) outcome->retryAfter = retryAfterOf(*outcome, parts_.clock->now());
      }
      attempt.repeatable = !*touched && (!replays || request.body.repeatable());
      attempt.left = timeLeft(request);
      const auto decision = decide(options_, attempt, outcome, parts_.random->fraction());
      if (!decision.delay) co_return finished(std::move(outcome), decision.exhausted);
      logRetry(request, outcome, attempt.number, *decision.delay);
      attempt.waited += *decision.delay;
      auto slept = co_await parts_.pause->sleep(*decision.delay);
      if (!slept) co_return std::unexpected(std::move(slept).error());
    }
  }

 private:
  static std::optional<milliseconds> timeLeft(const Request& request) {
    if (!request.deadline) return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(*request.deadline - std::chrono::steady_clock::now());
  }

  static Result<Response> finished(Result<Response> outcome, bool exhausted) {
    if (!exhausted) return outcome;
    if (outcome) {
      outcome->retriesExhausted = true;
    } else {
      outcome.error().transience = Transience::exhausted;
    }
    return outcome;
  }

  void logRetry(const Request& request,
                const Result<Response>& outcome,
                int number,
                milliseconds delay) const {
    if (!parts_.log) return;
    const auto reason = outcome ? std::to_string(outcome->status)
                                : std::string(toString(outcome.error().code));
    parts_.log->warn("retry request=\"{}\" reason={} attempt={} in={}ms",
                     redacted(request),
                     reason,
                     number,
                     delay.count());
  }

  std::shared_ptr<Transport> next_;
  RetryParts parts_;
  RetryOptions options_;
};

}  // namespace

std::shared_ptr<Pause> systemPause() { return std::make_shared<SystemPause>(); }

Decision decide(const RetryOptions& options,
                const Attempt& attempt,
                const Result<Response>& outcome,
                double fraction) {
  if (!worthAnother(options, attempt.safe, outcome)) return {};
  if (!attempt.repeatable) return {};
  Decision decision;
  decision.exhausted = true;
  if (attempt.number >= options.attempts) {
    decision.exhausted = options.attempts > 1;
    return decision;
  }
  const auto wish = outcome ? outcome->retryAfter : outcome.error().retryAfter;
  const auto delay = wish.value_or(milliseconds(0)) + jitter(options, attempt.number, fraction);
  if (attempt.waited + delay > options.budget) return decision;
  if (attempt.left && delay >= *attempt.left) return decision;
  return {.delay = delay};
}

std::shared_ptr<Transport> withRetries(std::shared_ptr<Transport> next,
                                       RetryParts parts,
                                       RetryOptions options) {
  return std::make_shared<Retries>(std::move(next), std::move(parts), std::move(options));
}

}  // namespace mooring::http
