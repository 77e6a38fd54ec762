// TCP connections to a sprite's ports, through a socket each.
#pragma once

#include <mooring/http/websocket.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <memory>

namespace mooring::sprites {

/// A connection to `port` on the sprite's own loopback, from which everything is bytes. Errors:
/// invalidArgument, notFound (nothing listens there), gone, and the socket's.
Task<std::shared_ptr<http::WebSocket>> openProxy(AccountPtr account,
                                                 Instance instance,
                                                 int port,
                                                 CallOptions call);

}  // namespace mooring::sprites
