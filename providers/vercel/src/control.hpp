// Calls that more than one interface makes.
#pragma once

#include <mooring/http/request.hpp>
#include <mooring/operation.hpp>

#include "account.hpp"
#include "wire.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::vercel {

/// Requests that Vercel counts apart: few at a time where machines are made and removed.
namespace bucket {
inline constexpr std::string_view general = "general";
inline constexpr std::string_view create = "create";
inline constexpr std::string_view remove = "delete";
}  // namespace bucket

using Query = std::vector<std::pair<std::string, std::string>>;

/// `path` with the team, which every request names, and `query`.
std::string target(const Account& account, std::string_view path, Query query = Query());

/// "/v2/sandboxes/<escaped name>" + `rest`.
std::string sandboxPath(std::string_view name, std::string_view rest = std::string_view());
std::string sessionPath(std::string_view sessionId, std::string_view rest = std::string_view());

/// A request with the limits that fit most: an answer within a minute, or none.
http::Request apiRequest(http::Method method, std::string target, const CallOptions& call);
/// The same with a JSON body.
http::Request jsonRequest(http::Method method,
                          std::string target,
                          const boost::json::object& body,
                          const CallOptions& call);

/// Sends it; a reply of any status. Errors carry `what`, as errorFrom() makes them.
Task<http::Response> callApi(AccountPtr account, http::Request request, std::string what);

/// Sends it; a 2xx. Errors: every other reply too, as errorFrom() makes them.
Task<http::Response> callForSuccess(AccountPtr account, http::Request request, std::string what);

/// Sends a request that removes something, which may have been done by an attempt whose answer was lost.
/// Errors: notFound (there was nothing before the first attempt), and as above.
Task<void> callToRemove(AccountPtr account, http::Request request, std::string what);

/// The sandbox of that exact name; wakes nothing. Nothing is a proof of absence. Errors: anything but 200 and
/// 404.
Task<std::optional<SandboxReply>> lookUp(AccountPtr account, std::string name, CallOptions call);

/// The same, and a stopped one is woken: a new session over what was kept of its files. Errors: gone (nothing
/// was kept).
Task<std::optional<SandboxReply>> wakeUp(AccountPtr account, std::string name, CallOptions call);

/// Waits between two looks at something that changes by itself. Errors: cancelled.
Task<void> waitBeforeLook(AccountPtr account, int looksSoFar);

/// What became of the session of `instance`, told by a look at its sandbox. Gives nothing when it runs.
/// Errors: gone (no such sandbox), notRunning (it stopped, or another session runs it), and the request's.
Task<void> lookAfter(AccountPtr account, Instance instance);

/// The session that runs `instance`; asks when its facts do not say. Errors: gone, notRunning; notConfigured
/// (the sandbox belongs to another project than this account's).
Task<std::string> sessionFor(AccountPtr account, Instance instance, CallOptions call);

/// Sends `request`, whose target is a path below the session ("/cmd"), to the session of `instance`. The
/// reply is a 2xx, or an error about the request itself. Where the session is said not to run, its sandbox is
/// looked at, and if that says the opposite the request is sent again: it was refused. Errors: notRunning and
/// gone (nothing has happened), outcomeUnknown (an unsafe request may have had its effect), and the
/// transport's. Cost: one request; one more after a 404, 410 or 422.
Task<http::Response> callSession(
    AccountPtr account, Instance instance, http::Request request, std::string what, CallOptions call);

}  // namespace mooring::vercel
