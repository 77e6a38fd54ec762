/// Handing requests on to a server in a sandbox.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/server.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mooring::emulation {

struct ForwardOptions {
  std::string target = {};                    ///< Path and query to ask for; empty: those of the request.
  std::vector<std::string> dropHeaders = {};  ///< Credentials for the proxy alone.
  http::Headers addHeaders = {};              ///< To the reply.
};

/// Hands `exchange` on to 127.0.0.1:`port` and its answer back; bodies stream both ways, WebSockets (and
/// other upgrades) pass through as bytes. Errors: unavailable with status 502 when nobody answers there.
Task<void> forward(ExchangePtr exchange, std::uint16_t port, ForwardOptions options);

/// A TCP connection to 127.0.0.1:`port`. Errors: unavailable with status 502 when nobody answers there.
Task<std::shared_ptr<boost::asio::ip::tcp::socket>> dial(std::uint16_t port);

/// Binary messages of `client` to `server` as bytes, and what that says back as binary messages, until one of
/// them ends: then the other one is closed.
Task<void> bridge(std::shared_ptr<http::WebSocket> client,
                  std::shared_ptr<boost::asio::ip::tcp::socket> server);

/// One address of its own for each preview link, so that what is served finds itself at "/", and no name has
/// to be resolved. Threads: the loop. Lifetime: await stop() first.
class PreviewAddresses {
 public:
  /// Decides about each request by `key`, and forwards it or answers itself.
  using Gate = std::function<Task<void>(std::string key, ExchangePtr exchange)>;

  PreviewAddresses(boost::asio::any_io_executor loop, Gate gate)
      : loop_(std::move(loop)), gate_(std::move(gate)) {}

  /// "http://127.0.0.1:4712": the same for the same key. Errors: unavailable (no port to be had).
  Result<std::string> addressOf(const std::string& key);
  /// Ends the address of `key`, and the requests there. Fine when it has none.
  Task<void> remove(std::string key);
  Task<void> stop();

 private:
  boost::asio::any_io_executor loop_;
  Gate gate_;
  std::map<std::string, std::unique_ptr<Server>> servers_;
};

}  // namespace mooring::emulation
