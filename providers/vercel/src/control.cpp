#include "control.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::vercel {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string target(const Account& account, std::string_view path, Query query) {
  query.emplace_back("teamId", account.teamId);
  return std::string(path) + http::queryString(query);
}

std::string sandboxPath(std::string_view name, std::string_view rest) {
  return "/v2/sandboxes/" + http::escape(name) + std::string(rest);
}

std::string sessionPath(std::string_view sessionId, std::string_view rest) {
  return "/v2/sandboxes/sessions/" + http::escape(sessionId) + std::string(rest);
}

http::Request apiRequest(http::Method method, std::string target, const CallOptions& call) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.deadline = call.deadline;
  // Making one from a large image or a snapshot, and stopping one that is kept, take up to ten seconds.
  request.timeouts.firstByte = seconds(60);
  request.timeouts.total = seconds(120);
  request.bucket = bucket::general;
  return request;
}

http::Request jsonRequest(http::Method method,
                          std::string target,
                          const json::object& body,
                          const CallOptions& call) {
  auto request = apiRequest(method, std::move(target), call);
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  return request;
}

Task<http::Response> callApi(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await account->http.transport->send(std::move(request));
  if (!response) co_return std::unexpected(errorFrom(std::move(response).error(), what));
  co_return response;
}

Task<http::Response> callForSuccess(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await callApi(account, std::move(request), what);
  if (response && !response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return response;
}

Task<void> callToRemove(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->ok() || (response->status == 404 && response->attempts > 1)) co_return Result<void>();
  co_return std::unexpected(errorFrom(*account, *response, what));
}

namespace {

/// A session that runs, and says that it does not, is asked so often again.
constexpr int mostDenials = 3;

Task<std::optional<SandboxReply>> getSandbox(AccountPtr account,
                                             std::string name,
                                             bool resume,
                                             CallOptions call) {
  const auto what = (resume ? "wake sandbox " : "look at sandbox ") + name;
  Query query;
  query.emplace_back("projectId", account->projectId);
  query.emplace_back("resume", resume ? "true" : "false");
  auto request = apiRequest(http::Method::get, target(*account, sandboxPath(name), std::move(query)), call);
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<SandboxReply>();
  if (!response->ok()) {
    auto error = errorFrom(*account, *response, what);
    // 400 and 410 have both been seen for a sandbox of whose files nothing was kept.
    if (complaintOf(*response).code == "snapshot_not_found") error.code = Errc::gone;
    co_return std::unexpected(std::move(error));
  }
  auto reply = http::decode<SandboxReply>(*response);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), what));
  co_return std::optional<SandboxReply>(std::move(*reply));
}

/// Whether the path names something in a session, which may be missing though the session is there.
bool namesMore(std::string_view path) { return path.starts_with("/cmd/") || path == "/fs/read"; }

bool isAboutFile(const http::Response& response) {
  return complaintOf(response).message.starts_with("File not found");
}

}  // namespace

Task<std::optional<SandboxReply>> lookUp(AccountPtr account, std::string name, CallOptions call) {
  co_return co_await getSandbox(std::move(account), std::move(name), false, std::move(call));
}

Task<std::optional<SandboxReply>> wakeUp(AccountPtr account, std::string name, CallOptions call) {
  co_return co_await getSandbox(std::move(account), std::move(name), true, std::move(call));
}

Task<void> waitBeforeLook(AccountPtr account, int looksSoFar) {
  const auto delay = std::min(milliseconds(250) * (1 << std::min(looksSoFar, 3)), milliseconds(1000));
  co_return co_await account->pause->sleep(delay);
}

Task<void> lookAfter(AccountPtr account, Instance instance) {
  const CallOptions unlimited;  // The request has limits of its own; the caller's may be used up already.
  const auto& name = instance.id.value;
  auto seen = co_await lookUp(account, name, unlimited);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return refuse(Errc::gone, "Vercel knows no sandbox " + name);
  const auto& session = (*seen)->session;
  const auto known = sessionIdOf(instance);
  if (!known.empty() && session.id != known)
    co_return refuse(Errc::notRunning, "sandbox " + name + " has a new session");
  if (phaseOf(session.status) != Phase::running)
    co_return refuse(Errc::notRunning, "sandbox " + name + " is " + session.status);
  co_return Result<void>();
}

Task<std::string> sessionFor(AccountPtr account, Instance instance, CallOptions call) {
  const auto& name = instance.id.value;
  const auto* project = instance.connection.if_contains("project");
  if (project != nullptr && project->is_string() && project->get_string() != account->projectId) {
    co_return refuse(Errc::notConfigured,
                     "sandbox " + name + " belongs to project " + std::string(project->get_string()) +
                         ", and the credential is for " + account->projectId +
                         ": set SANDBOX_VERCEL_PROJECT_ID to the former");
  }
  auto known = sessionIdOf(instance);
  if (!known.empty()) co_return known;
  auto seen = co_await lookUp(account, name, std::move(call));
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return refuse(Errc::gone, "Vercel knows no sandbox " + name);
  if (phaseOf((*seen)->session.status) != Phase::running)
    co_return refuse(Errc::notRunning, "sandbox " + name + " is " + (*seen)->session.status);
  co_return (*seen)->session.id;
}

Task<http::Response> callSession(
    AccountPtr account, Instance instance, http::Request request, std::string what, CallOptions call) {
  auto session = co_await sessionFor(account, instance, std::move(call));
  if (!session) co_return std::unexpected(std::move(session).error());
  const bool namesPart = namesMore(request.target);
  request.target = target(*account, sessionPath(*session, request.target));
  for (int looks = 0;; ++looks) {
    auto response = co_await callApi(account, request, what);
    if (!response || response->ok()) co_return response;
    auto error = errorFrom(*account, *response, what);
    const bool unknown = response->status == 404 && !isAboutFile(*response);
    if (!unknown && error.code != Errc::notRunning) {
      if (error.code == Errc::unavailable && response->status >= 500 && !http::isSafe(request))
        co_return std::unexpected(outcomeUnknown(std::move(error)));
      co_return response;
    }
    // The sessions of a deleted sandbox have stopped, too; only its name tells the two apart.
    auto judged = co_await lookAfter(account, instance);
    if (!judged && (unknown || judged.error().code == Errc::gone))
      co_return std::unexpected(std::move(judged).error());
    if (!judged) co_return std::unexpected(std::move(error));
    if (unknown && namesPart) co_return response;
    // It runs all the same: what one part of the service knows, another does not know yet. Nothing was done.
    if (looks == mostDenials || !request.body.repeatable()) {
      error.code = Errc::unavailable;
      error.transience = Transience::exhausted;
      co_return std::unexpected(std::move(error));
    }
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
}

}  // namespace mooring::vercel
