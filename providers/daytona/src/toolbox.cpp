#include "toolbox.hpp"

#include <mooring/http/url.hpp>

#include "control.hpp"
#include "errors.hpp"

#include <algorithm>
#include <array>

namespace mooring::daytona {

namespace {

std::string joined(std::string base, const ExternalSandboxId& id) {
  while (base.ends_with('/'))
    base.pop_back();
  return base + "/" + http::escape(id.value);
}

/// Whether such a reply may be about the sandbox instead of the request.
bool doubtful(int status) { return status == 400 || status == 401 || status == 404 || status == 502; }

/// What a look at the control plane says about a sandbox that did not answer as it should.
Task<void> look(AccountPtr account, Instance instance) {
  const CallOptions unlimited;  // The request has limits of its own; the caller's may be used up already.
  auto seen = co_await lookUp(account, instance.id.value, unlimited);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  const auto& name = instance.id.value;
  if (!*seen) co_return refuse(Errc::gone, "Daytona knows no sandbox " + name);
  const auto& sandbox = **seen;
  switch (phaseOf(sandbox.state)) {
    case Phase::running:
      co_return Result<void>();
    case Phase::moving:
    case Phase::resting:
      co_return refuse(Errc::notRunning, "sandbox " + name + " is " + sandbox.state);
    case Phase::leaving:
      co_return refuse(Errc::gone, "sandbox " + name + " is " + sandbox.state);
    case Phase::broken: {
      const auto why = sandbox.errorReason.empty() ? "" : " (" + sandbox.errorReason + ")";
      if (sandbox.recoverable)
        co_return refuse(Errc::notRunning, "sandbox " + name + " is in a recoverable error state" + why);
      auto error = refuse(Errc::unavailable, "sandbox " + name + " is broken: " + sandbox.state + why);
      error.error().transience = Transience::permanent;
      co_return error;
    }
    case Phase::unknown:
      break;
  }
  auto unreadable = instanceFrom(sandbox);
  co_return std::unexpected(std::move(unreadable).error());
}

/// Turns what could be about the sandbox into what it is about. Gives the reply back when it is about the
/// request.
Task<http::Response> judged(AccountPtr account, Instance instance, http::Response response, bool safe) {
  if (!doubtful(response.status)) co_return response;
  if (saidByDaemon(response).value_or(false)) co_return response;
  const auto status = response.status;
  const auto what = "reach the toolbox of sandbox " + instance.id.value;
  auto seen = co_await look(account, std::move(instance));
  // A 502 can break off what had begun; the other three are given before anything is passed on.
  if (status == 502 && !safe) {
    auto error = errorFrom(*account, response, what);
    if (!seen) error.message += "; " + seen.error().message;
    co_return std::unexpected(outcomeUnknown(std::move(error)));
  }
  if (!seen) {
    auto error = std::move(seen).error();
    if (error.httpStatus == 0) error.httpStatus = status;
    co_return std::unexpected(std::move(error));
  }
  // It runs. The proxy forgets a wrong answer about credentials after five seconds; a daemon may still start.
  const bool aboutSandbox = status == 401 || status == 502 || !saidByDaemon(response).value_or(true);
  if (!aboutSandbox) co_return response;
  auto error = errorFrom(*account, response, what);
  error.code = Errc::unavailable;
  error.transience = Transience::temporary;
  error.message = "sandbox " + std::string("is started, but its toolbox does not answer: ") + error.message;
  co_return std::unexpected(std::move(error));
}

}  // namespace

std::optional<bool> saidByDaemon(const http::Response& response) {
  const auto complaint = complaintOf(response);
  // Only the daemon knows these.
  static constexpr std::array<std::string_view, 7> itsOwn = {
      "FILE_", "GIT_", "PROCESS_", "SESSION_", "COMMAND_", "PTY_", "INVALID_FILE_PATH"};
  const bool own = std::ranges::any_of(
      itsOwn, [&](std::string_view prefix) { return complaint.code.starts_with(prefix); });
  if (own) return true;
  // What proxy and runner say before they have reached it; they share its code for errors, and so, at times,
  // its name.
  static constexpr std::array<std::string_view, 5> aboutTheWay = {"failed to resolve container IP",
                                                                  "failed to get runner info",
                                                                  "sandbox container not found",
                                                                  "does not have a runner",
                                                                  "no IP address found"};
  const bool onTheWay = std::ranges::any_of(aboutTheWay, [&](std::string_view words) {
    return complaint.message.find(words) != std::string::npos;
  });
  if (onTheWay) return false;
  if (complaint.source.empty()) return std::nullopt;
  return complaint.source == "DAYTONA_DAEMON";
}

Task<std::string> toolboxOf(AccountPtr account, Instance instance) {
  std::string base;
  if (const auto* stored = instance.connection.if_contains("toolboxUrl"); stored && stored->is_string()) {
    base = stored->get_string();
  } else {
    const CallOptions unlimited;
    auto seen = co_await lookUp(account, instance.id.value, unlimited);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen) co_return refuse(Errc::gone, "Daytona knows no sandbox " + instance.id.value);
    base = (*seen)->toolboxUrl;
  }
  if (base.empty()) {
    co_return refuse(Errc::unsupported,
                     "this Daytona server does not say where the toolbox of a sandbox is; mooring needs "
                     "server version 0.148 or newer");
  }
  if (auto trusted = trustToolbox(*account, base); !trusted)
    co_return std::unexpected(std::move(trusted).error());
  co_return joined(std::move(base), instance.id);
}

Task<http::Response> callToolbox(AccountPtr account, Instance instance, http::Request request) {
  auto base = co_await toolboxOf(account, instance);
  if (!base) co_return std::unexpected(std::move(base).error());
  request.target.insert(0, *base);
  const bool safe = http::isSafe(request);
  auto response = co_await account->http.transport->send(std::move(request));
  if (!response)
    co_return std::unexpected(errorFrom(std::move(response).error(), "use the sandbox's toolbox"));
  co_return co_await judged(std::move(account), std::move(instance), std::move(*response), safe);
}

Task<http::Upgrade> openToolboxSocket(AccountPtr account, Instance instance, http::WebSocketRequest request) {
  auto base = co_await toolboxOf(account, instance);
  if (!base) co_return std::unexpected(std::move(base).error());
  request.url.insert(0, *base);
  request.token = account->token;
  for (const auto& [name, value] : account->headers) {
    if (!request.headers.contains(name)) request.headers.add(name, value);
  }
  const bool safe = request.idempotency != http::Idempotency::unsafe;
  auto upgrade = co_await account->sockets->open(std::move(request));
  if (!upgrade)
    co_return std::unexpected(
        errorFrom(std::move(upgrade).error(), "open a socket to the sandbox's toolbox"));
  if (upgrade->socket) co_return upgrade;
  auto response = co_await judged(
      std::move(account), std::move(instance), std::move(upgrade->response), safe);
  if (!response) co_return std::unexpected(std::move(response).error());
  upgrade->response = std::move(*response);
  co_return upgrade;
}

Task<void> lookAfter(AccountPtr account, Instance instance) {
  co_return co_await look(std::move(account), std::move(instance));
}

}  // namespace mooring::daytona
