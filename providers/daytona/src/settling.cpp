#include "settling.hpp"

#include "control.hpp"
#include "errors.hpp"

#include <algorithm>

namespace mooring::daytona {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds firstPause(50);
constexpr milliseconds longestPause(1000);
constexpr int failuresInARow = 5;

/// Asks for a transition. Gives the sandbox as the reply shows it, or nothing where the state has to be
/// looked at again: because it changed underneath (409, 400), or because the request failed in passing.
Task<std::optional<SandboxView>> ask(AccountPtr account, std::string id, std::string verb, CallOptions call) {
  auto request = apiRequest(http::Method::post, sandboxPath(id, "/" + verb), call);
  request.route = "/sandbox/{sandboxId}/" + verb;
  request.bucket = bucket::lifecycle;
  request.idempotency = http::Idempotency::safe;  // Asked twice, the second finds it on its way: 409 or 400.
  const auto what = verb + " sandbox " + id;
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 409) co_return std::optional<SandboxView>();
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto sandbox = http::decode<SandboxView>(*response);
  if (!sandbox) co_return std::optional<SandboxView>();
  co_return std::optional<SandboxView>(std::move(*sandbox));
}

/// Whether a look at the state can tell what a refused transition means.
bool worthALook(const Error& error) {
  return error.httpStatus == 400 || error.httpStatus == 404 || error.httpStatus == 408 || error.retryable();
}

bool isFinal(const SandboxView& sandbox, Effort effort) {
  switch (phaseOf(sandbox.state)) {
    case Phase::running:
    case Phase::leaving:
      return true;
    case Phase::resting:
      return effort == Effort::wait;
    case Phase::broken:
      return effort == Effort::wait || !sandbox.recoverable;
    case Phase::moving:
    case Phase::unknown:
      return false;
  }
  return false;
}

/// The request that gets it on its way; null where it is on its way.
const char* nextVerb(const SandboxView& sandbox) {
  switch (phaseOf(sandbox.state)) {
    case Phase::resting:
      return "start";
    case Phase::broken:
      return "recover";
    default:
      return nullptr;
  }
}

}  // namespace

Polling::Polling(AccountPtr account, milliseconds limit)
    : account_(std::move(account)), until_(account_->context.clock->now() + limit), next_(firstPause) {}

Task<void> Polling::pause(std::string what) {
  const auto left = until_ - account_->context.clock->now();
  if (left.count() <= 0) co_return refuse(Errc::deadlineExceeded, what + "; gave up waiting");
  const auto duration = std::min(next_, left);
  next_ = std::min(next_ * 3 / 2, longestPause);
  co_return co_await account_->pause->sleep(duration);
}

bool Polling::forgives(const Error& error) {
  const bool passing = error.retryable() || error.code == Errc::corrupted;
  return passing && ++failures_ < failuresInARow;
}

std::string brokenness(const SandboxView& sandbox) {
  return sandbox.state + (sandbox.errorReason.empty() ? "" : " (" + sandbox.errorReason + ")");
}

Task<std::optional<SandboxView>> settled(
    AccountPtr account, SandboxView sandbox, Effort effort, milliseconds limit, CallOptions call) {
  Polling polling(account, limit);
  const auto id = sandbox.id;
  int asked = 0;
  bool absentBefore = false;
  for (;;) {
    if (isFinal(sandbox, effort)) co_return std::optional<SandboxView>(std::move(sandbox));
    if (phaseOf(sandbox.state) == Phase::unknown && !sandbox.state.empty()) {
      auto unreadable = instanceFrom(sandbox);
      co_return std::unexpected(std::move(unreadable).error());
    }
    if (const char* verb = effort == Effort::wake ? nextVerb(sandbox) : nullptr) {
      auto moved = co_await ask(account, id, verb, call);
      // A start that fails each time it is asked for is no transition to be waited out.
      if (!moved && (!worthALook(moved.error()) || ++asked >= 3))
        co_return std::unexpected(std::move(moved).error());
      if (moved && *moved && phaseOf((*moved)->state) == Phase::running) co_return std::move(*moved);
    }
    auto waitingFor = "sandbox " + id + " is still ";
    waitingFor += sandbox.state.empty() ? "in an unknown state" : sandbox.state;
    auto paused = co_await polling.pause(std::move(waitingFor));
    if (!paused) co_return std::unexpected(std::move(paused).error());
    auto seen = co_await lookUp(account, id, call);
    if (!seen) {
      if (!polling.forgives(seen.error())) co_return std::unexpected(std::move(seen).error());
      continue;
    }
    polling.looked();
    if (*seen) {
      sandbox = std::move(**seen);
    } else if (std::exchange(absentBefore, true)) {
      // Reads go through a cache: what was there a moment ago is believed to be gone when it is so twice.
      co_return std::optional<SandboxView>();
    }
  }
}

}  // namespace mooring::daytona
