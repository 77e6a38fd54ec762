// Errors in the shapes of the service.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/sources.hpp>

#include <string>
#include <string_view>

namespace mooring::sprites::emulated {

/// JSON {"error"}; plain text for services, policies and sessions; all the fields of a rate limit for 429; a
/// page of the edge's for 502.
emulation::Reply errorReply(const emulation::Request& request, const Error& error, Timestamp now);

/// What 404 says when there is no such sprite.
inline constexpr std::string_view noSprite = "sprite not found";

/// 429 with this code: "sprite_creation_rate_limited" or "concurrent_sprite_limit_exceeded".
std::unexpected<Error> limited(std::string code);

/// A file operation's failure. `verb` is the system call's name, as in "open /x: no such file or directory".
emulation::Reply fileErrorReply(const std::string& verb,
                                const std::string& path,
                                const Error& error,
                                bool tellsCode);

}  // namespace mooring::sprites::emulated
