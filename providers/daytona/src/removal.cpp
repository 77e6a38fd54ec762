#include "removal.hpp"

#include "control.hpp"
#include "errors.hpp"
#include "settling.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace mooring::daytona {

namespace {

/// The server gives up on a transition after at most 15 minutes, and forbids deleting until then; nobody
/// here waits as long: it stays a debt.
constexpr auto patience = std::chrono::minutes(3);

bool hasVolumes(const http::Response& response) {
  const auto parsed = http::parseJson(response.body);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* volumes = object != nullptr ? object->if_contains("volumes") : nullptr;
  return volumes != nullptr && volumes->is_array() && !volumes->get_array().empty();
}

/// Until nothing of it holds a volume any more.
Task<void> untilGone(AccountPtr account, SandboxView sandbox, CallOptions call) {
  Polling polling(account, patience);
  for (;;) {
    auto seen = co_await lookUp(account, sandbox.id, call);
    if (seen && (!*seen || (*seen)->state == "destroyed")) co_return Result<void>();
    if (seen && phaseOf((*seen)->state) == Phase::broken) {
      co_return refuse(Errc::unavailable,
                       "sandbox " + sandbox.id + " could not be destroyed: " + brokenness(**seen));
    }
    if (!seen && !polling.forgives(seen.error())) co_return std::unexpected(std::move(seen).error());
    if (seen) polling.looked();
    auto paused = co_await polling.pause("sandbox " + sandbox.id + " is still being destroyed");
    if (!paused) co_return paused;
  }
}

}  // namespace

Task<Removal> removeSandbox(AccountPtr account, std::string idOrName, CallOptions call) {
  const auto what = "delete sandbox " + idOrName;
  Polling polling(account, patience);
  for (;;) {
    auto request = apiRequest(http::Method::del, sandboxPath(idOrName), call);
    request.route = "/sandbox/{sandboxId}";
    request.bucket = bucket::lifecycle;
    auto response = co_await callApi(account, std::move(request), what);
    if (!response) co_return std::unexpected(std::move(response).error());
    if (response->status == 404) co_return Removal::absent;
    if (response->ok()) {
      auto sandbox = http::decode<SandboxView>(*response);
      if (!sandbox || !hasVolumes(*response)) co_return Removal::done;
      auto gone = co_await untilGone(account, std::move(*sandbox), call);
      if (!gone) co_return std::unexpected(std::move(gone).error());
      co_return Removal::done;
    }
    if (response->status != 409) co_return std::unexpected(errorFrom(*account, *response, what));
    // A transition is in progress. If it is this one, asked for by a request whose reply was lost, all is
    // done.
    auto seen = co_await lookUp(account, idOrName, call);
    if (!seen && !polling.forgives(seen.error())) co_return std::unexpected(std::move(seen).error());
    if (seen && (!*seen || phaseOf((*seen)->state) == Phase::leaving)) co_return Removal::done;
    auto paused = co_await polling.pause("sandbox " + idOrName +
                                         " is changing its state and cannot be deleted");
    if (!paused) co_return std::unexpected(std::move(paused).error());
  }
}

}  // namespace mooring::daytona
