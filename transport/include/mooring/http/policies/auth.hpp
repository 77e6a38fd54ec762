/// The credential, and to whom it may be shown.
#pragma once

#include <mooring/http/transport.hpp>
#include <mooring/secret.hpp>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::http {

/// Adds "Authorization: Bearer …" to requests for trusted origins and to no others, so that neither a
/// redirect nor an address made up by a server carries the token away. The only place, with the WebSocket's
/// upgrade, that reveals it.
class BearerAuth final : public Transport {
 public:
  /// `trusted` are absolute URLs; their origins (scheme, host, port) are what counts.
  BearerAuth(std::shared_ptr<Transport> next, Secret token, const std::vector<std::string>& trusted);

  /// Lets one more origin have the token. Threads: the loop's.
  void trust(std::string_view url);
  Task<Response> send(Request request) override;

 private:
  std::shared_ptr<Transport> next_;
  Secret token_;
  std::set<std::string, std::less<>> trusted_;
};

/// "Bearer …". For the places that put a token on the wire, never for logs.
std::string bearerValue(const Secret& token);

}  // namespace mooring::http
