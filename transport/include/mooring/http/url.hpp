/// Addresses, taken apart and put together.
#pragma once

#include <mooring/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::http {

/// An absolute http, https, ws or wss URL. Userinfo is refused: credentials travel in headers.
struct Url {
  std::string scheme = {};  ///< Lower case.
  std::string host = {};    ///< Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;   ///< The scheme's own when the text names none.
  std::string target = {};  ///< Path and query as written; at least "/". Never a fragment.

  [[nodiscard]] bool encrypted() const { return scheme == "https" || scheme == "wss"; }
  /// Scheme, host and port: what a credential belongs to. ws counts as http, wss as https.
  [[nodiscard]] std::string origin() const;
  /// The path alone.
  [[nodiscard]] std::string_view path() const;
  /// The query without its '?', or nothing.
  [[nodiscard]] std::string_view query() const;
  [[nodiscard]] std::string text() const;
};

/// Errors: invalidArgument. The message does not repeat the query.
Result<Url> parseUrl(std::string_view text);

/// `reference` (absolute, "//host/path", "/path", "path" or "?query") as seen from `base`; for redirects.
Result<Url> resolveUrl(const Url& base, std::string_view reference);

/// Everything but unreserved characters (RFC 3986) as %XX: safe as one path segment and as a query name or
/// value.
std::string escape(std::string_view text);

/// "?a=1&b=2", both sides escaped; empty for no pairs.
std::string queryString(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace mooring::http
