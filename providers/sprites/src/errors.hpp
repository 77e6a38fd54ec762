// Errors of this provider: what Sprites answers, in mooring's terms.
#pragma once

#include <mooring/error.hpp>
#include <mooring/http/response.hpp>
#include <mooring/http/vendor.hpp>

#include "account.hpp"

#include <string>
#include <string_view>

namespace mooring::sprites {

inline constexpr http::Vendor vendor{Options::provider, "Sprites"};

/// A failure with this provider's name on it.
std::unexpected<Error> refuse(Errc code, std::string message);

/// What an error reply says: one line, without control characters, shortened. Empty when it says nothing.
struct Complaint {
  std::string message = {};
  std::string code = {};  ///< "sprite_creation_rate_limited", "ENOENT" …, where there is one.
  /// The reply is about a file: some 404s carry only the path that tells them from a missing sprite.
  bool aboutFile = false;
  std::optional<std::chrono::seconds> retryAfter = {};  ///< From the body.
};
Complaint complaintOf(const http::Response& response);

/// An error reply as an Error: "cannot <what>: Sprites answered 409: <its message>". A 404 is notFound: only
/// the caller knows whether it proves `gone`. A 5xx is unavailable: only the caller knows whether its request
/// may have had an effect.
Error errorFrom(const Account& account, const http::Response& response, std::string_view what);

/// A request without a reply, or with an unreadable one: "cannot <what>: …".
Error errorFrom(Error error, std::string_view what);

/// `error` of a request that may have had an effect in spite of it.
Error outcomeUnknown(Error error);

}  // namespace mooring::sprites
