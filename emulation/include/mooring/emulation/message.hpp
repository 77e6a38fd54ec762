/// Requests and replies as an emulator's handlers see them.
#pragma once

#include <mooring/error.hpp>
#include <mooring/http/headers.hpp>

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::emulation {

/// The head of one request. Plain data.
struct Request {
  std::string method = {};
  std::string target = {};  ///< As it was sent.
  std::string path = {};    ///< The target's path, still percent-encoded.
  http::Headers headers = {};
  std::vector<std::pair<std::string, std::string>> query = {};  ///< Decoded, in order, repeated names kept.
  std::map<std::string, std::string, std::less<>> params = {};  ///< Of the route's template, decoded.
  std::string route = {};   ///< "GET /sandbox/{id}": the method and the template that matched.
  bool stale = false;       ///< A fault asks for an outdated answer, where the handler knows one.
  std::string manner = {};  ///< A fault asks for this misbehaviour of the provider's own.

  /// The first value of that name.
  [[nodiscard]] std::optional<std::string> queryValue(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> queryValues(std::string_view name) const;
  /// A part of the path by its name in the template; empty when the template has no such part.
  [[nodiscard]] std::string param(std::string_view name) const;
  /// The token of "Authorization: Bearer …".
  [[nodiscard]] std::optional<std::string> bearer() const;
};

/// A whole reply. The server adds Content-Length.
struct Reply {
  int status = 200;
  http::Headers headers = {};
  std::string body = {};
};

Reply jsonReply(int status, const boost::json::value& body);
Reply textReply(int status, std::string body);
Reply emptyReply(int status);

/// What a handler returns to refuse: the emulator puts `status` and `message` into its provider's own shape.
std::unexpected<Error> refused(int status, std::string message);

/// The status for an error that says none, as one of the sandbox's own.
int statusOf(const Error& error);

/// "%41" as "A", and with `plusIsSpace` (queries) "+" as a space. Errors: invalidArgument (a broken escape).
Result<std::string> unescape(std::string_view text, bool plusIsSpace = false);
/// Errors: invalidArgument.
Result<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query);

/// SHA-256 in hex.
std::string digestOf(std::string_view bytes);

}  // namespace mooring::emulation
