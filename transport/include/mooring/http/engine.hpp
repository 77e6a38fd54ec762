/// The transport that really sends: libcurl driven by an Asio loop, without a thread per request.
#pragma once

#include <mooring/http/transport.hpp>
#include <mooring/registry.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace mooring::http {

/// How to reach the network; what the environment usually says.
struct Network {
  std::string httpsProxy = {};  ///< For https and wss, "http://host:port". Empty: none.
  std::string httpProxy = {};   ///< For http and ws.
  std::string noProxy = {};     ///< Comma-separated hosts and domains that are reached directly; "*" for all.
  std::string caFile = {};      ///< PEM certificates to trust instead of the system's.
  std::string caDirectory = {};

  /// https_proxy/HTTPS_PROXY, http_proxy (lower case only: servers set the other from a request header),
  /// all_proxy/ALL_PROXY, no_proxy/NO_PROXY, CURL_CA_BUNDLE/SSL_CERT_FILE, SSL_CERT_DIR.
  static Network from(const Settings& settings);
  /// The proxy for `host`, or empty.
  [[nodiscard]] std::string proxyFor(const std::string& host, bool encrypted) const;
};

struct EngineOptions {
  Network network = {};
  int connectionsPerHost = 128;  ///< More requests than that wait for a free one; with HTTP/2 many share one.
                                 ///< 0: no limit.
  int idleConnections = 64;      ///< Kept open for reuse, over all hosts.
  /// Idle for longer, a connection is not used again: servers on the way close theirs after 70 s, and a
  /// request that crosses such an end on its way is a request with an unknown outcome.
  std::chrono::seconds idleLimit = std::chrono::seconds(60);
  bool http2 = true;  ///< Where the server offers it over TLS.
};

/// An engine on `loop`, which must be run by one thread. TLS certificates are always verified.
/// Requests need absolute http or https URLs; redirects are not followed here (policies/redirect.hpp).
/// Threads: send() on the loop's; may be dropped on any. Lifetime: the loop outlives it.
/// Cost: one descriptor and one timer on the loop, whatever the number of requests; a short-lived thread of
/// libcurl's
///   for each new name lookup.
/// Errors: internal when libcurl cannot be set up.
Result<std::shared_ptr<Transport>> makeEngine(boost::asio::any_io_executor loop,
                                              EngineOptions options = EngineOptions());

}  // namespace mooring::http
