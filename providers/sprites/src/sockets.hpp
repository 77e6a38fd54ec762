// WebSockets of one sprite.
#pragma once

#include <mooring/http/websocket.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace mooring::sprites {

/// Opens "/v1/sprites/<name>" + `target`; opening alone must do no harm. Refusals that may pass are tried
/// again, as for requests. Errors: gone; every other refusal as errorFrom() makes it; unavailable,
/// deadlineExceeded, cancelled. Cost: one socket; one request more after a 404.
Task<std::shared_ptr<http::WebSocket>> openSocket(
    AccountPtr account, Instance instance, std::string target, std::string what, CallOptions call);

/// The next message, if it comes within `limit`; afterwards the socket is of no further use. Errors:
/// unavailable (too late, or the socket's).
Task<std::optional<http::Message>> readWithin(std::shared_ptr<http::WebSocket> socket,
                                              std::chrono::milliseconds limit);

}  // namespace mooring::sprites
