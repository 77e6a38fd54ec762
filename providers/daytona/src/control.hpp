// Calls to the control plane that more than one interface makes.
#pragma once

#include <mooring/http/request.hpp>
#include <mooring/operation.hpp>

#include "account.hpp"
#include "wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mooring::daytona {

/// Requests that Daytona counts apart (dossier: rate limits).
namespace bucket {
inline constexpr std::string_view general = "authenticated";
inline constexpr std::string_view create = "sandbox-create";
inline constexpr std::string_view lifecycle = "sandbox-lifecycle";
}  // namespace bucket

/// A request for the control plane, with the limits that fit it: it answers within half a minute, or not.
http::Request apiRequest(http::Method method, std::string target, const CallOptions& call);

/// The path of a sandbox, by id or name: "/sandbox/<escaped>" + `rest`.
std::string sandboxPath(std::string_view idOrName, std::string_view rest = std::string_view());

/// Sends it; a reply of any status. Errors carry `what`, as errorFrom() makes them.
Task<http::Response> callApi(AccountPtr account, http::Request request, std::string what);

/// The sandbox of that exact id or name. Nothing is a proof of absence. Errors: anything but 200 and 404.
Task<std::optional<SandboxView>> lookUp(AccountPtr account, std::string idOrName, CallOptions call);

}  // namespace mooring::daytona
