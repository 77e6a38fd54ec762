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
#include <vector>

namespace mooring::sprites {

/// Requests that Sprites counts apart.
namespace bucket {
inline constexpr std::string_view general = "general";
inline constexpr std::string_view create = "create";
}  // namespace bucket

/// "/v1/sprites/<escaped name>" + `rest`.
std::string spritePath(std::string_view name, std::string_view rest = std::string_view());

/// The name that the API knows `instance` by.
const std::string& nameOf(const Instance& instance);

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

/// The sprite of that exact name; wakes nothing. Nothing is a proof of absence.
Task<std::optional<SpriteView>> lookUp(AccountPtr account, std::string name, CallOptions call);

/// Replaces the labels of a sprite. Errors: gone.
Task<void> putLabels(AccountPtr account, std::string name, std::vector<std::string> labels, CallOptions call);

/// Waits between two looks at something that changes by itself. Errors: cancelled.
Task<void> waitBeforeLook(AccountPtr account, int looksSoFar);

/// What a 404 about something of `instance` is about: gives nothing when the sprite is there. Errors: gone,
/// and the look-up's.
Task<void> lookAfter(AccountPtr account, Instance instance);

/// Sends `request`, whose target is a path below the sprite ("/fs/read?…"). The reply is a 2xx, or an error
/// about the request itself. Errors: gone (nothing has happened), outcomeUnknown (an unsafe request may have
/// had its effect), and the transport's. Cost: one request; one more after a 404 that is not about a file.
Task<http::Response> callSprite(AccountPtr account,
                                Instance instance,
                                http::Request request,
                                std::string what);

}  // namespace mooring::sprites
