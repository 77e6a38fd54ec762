// How the toolbox (files, processes, git inside one sandbox) is called, and what its failures mean.
#pragma once

#include <mooring/http/request.hpp>
#include <mooring/http/response.hpp>
#include <mooring/http/websocket.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <string>

namespace mooring::daytona {

/// Where the toolbox of `instance` answers, without a slash at its end: its connection's `toolboxUrl` and its
/// id. Trusts that origin. Cost: none, or one request where the connection does not say.
Task<std::string> toolboxOf(AccountPtr account, Instance instance);

/// Sends `request`, whose target is a path below the toolbox ("/process/execute"), to the sandbox.
///
/// The reply is a 2xx, or an error that the daemon in the sandbox itself gave about the request (make an
/// Error of it with errorFrom). A reply that only says that the sandbox cannot be reached (dossier: 400, 401,
/// 404 and 502 for anything from "stopped" to "wrong key") is never guessed at: the control plane is asked.
/// Errors: notRunning and gone (nothing has happened), unauthenticated, permissionDenied, unavailable,
///   outcomeUnknown (an unsafe request may have had its effect), and the transport's.
/// Cost: one request; one more after a failure of that kind.
Task<http::Response> callToolbox(AccountPtr account, Instance instance, http::Request request);

/// The same for an upgrade; `request.url` is a path below the toolbox. A refusal by the daemon comes back as
/// one.
Task<http::Upgrade> openToolboxSocket(AccountPtr account, Instance instance, http::WebSocketRequest request);

/// What became of a sandbox with which a conversation broke off (a socket that closed, a reply cut short).
/// Gives nothing when it still runs. Errors: notRunning, gone, unauthenticated, unavailable….
Task<void> lookAfter(AccountPtr account, Instance instance);

/// Whether an error reply was given by the daemon in the sandbox about the request, rather than by somebody
/// on the way about the sandbox. Nothing: it cannot be told from the reply.
std::optional<bool> saidByDaemon(const http::Response& response);

}  // namespace mooring::daytona
