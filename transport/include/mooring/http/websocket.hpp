/// WebSocket connections (RFC 6455), over ws and wss.
#pragma once

#include <mooring/http/engine.hpp>
#include <mooring/http/headers.hpp>
#include <mooring/http/request.hpp>
#include <mooring/http/response.hpp>
#include <mooring/operation.hpp>
#include <mooring/secret.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::http {

struct Message {
  std::string data = {};
  bool text = false;  ///< Otherwise binary.

  bool operator==(const Message&) const = default;
};

/// How the other side said good-bye.
struct CloseReason {
  std::uint16_t code = 0;  ///< 0: it did not; 1005: without a code.
  std::string reason = {};
};

/// One connection. Dropped, it is cut off without a good-bye.
/// Threads: the loop's; one read() and any number of write() at a time. Lifetime: keep it until its tasks
/// have ended.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// The next message; nothing once the other side closed in good order (see closing()). Back-pressure: what
  /// is not read stays with the sender. Cancelling it cuts the connection. Errors: unavailable (cut off,
  /// silent for too long), corrupted (protocol error, longer than allowed), cancelled.
  virtual Task<std::optional<Message>> read() = 0;

  /// Sends one message; returns when it is written, not when it has arrived. Calls queue up. Cancelling cuts
  /// the connection. Errors: unavailable, cancelled.
  virtual Task<void> write(Message message) = 0;

  /// Says good-bye and does not wait for the answer (some servers take seconds); nothing can be written
  /// afterwards.
  virtual void close(std::uint16_t code = 1000, std::string reason = std::string()) = 0;

  [[nodiscard]] virtual CloseReason closing() const = 0;
  /// What the server chose of the subprotocols offered; may be empty.
  [[nodiscard]] virtual std::string subprotocol() const = 0;
};

struct WebSocketRequest {
  std::string url = {};  ///< ws, wss, http or https.
  Headers headers = {};
  Secret token = {};  ///< For "Authorization: Bearer …"; sent to this address only, redirects are not
                      ///< followed.
  std::vector<std::string> subprotocols = {};
  std::chrono::milliseconds connect = std::chrono::seconds(10);  ///< Name lookup, TCP, proxy and TLS
                                                                 ///< together.
  std::chrono::milliseconds upgrade = std::chrono::seconds(30);  ///< For the server's answer.
  /// Without anything from the server for this long, pings included (sent after half of it), the connection
  /// is given up while a read() waits. Zero: never.
  std::chrono::milliseconds silence = std::chrono::seconds(60);
  std::size_t maxMessage = std::size_t{16} * 1024 * 1024;
  /// `unsafe` where the upgrade itself starts something: without an answer to it the outcome is then unknown.
  Idempotency idempotency = Idempotency::safe;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  ///< Of the connecting.
};

/// The answer to an upgrade. A refusal is a response, as everywhere.
struct Upgrade {
  std::shared_ptr<WebSocket> socket = {};  ///< Null when it was refused.
  Response response = {};                  ///< Status, headers and, of a refusal, the body.
};

/// Opens connections; keeps the trusted certificates, whose loading takes longer than a handshake.
class WebSockets {
 public:
  virtual ~WebSockets() = default;
  /// Errors: invalidArgument; notConfigured (trusted certificates cannot be read); unavailable (nothing was
  /// asked of the
  ///   server, or it does not matter); outcomeUnknown (asked, unsafe, no answer); deadlineExceeded;
  ///   cancelled; corrupted. No message holds the query of the URL.
  /// Cost: one connection each; never reused.
  virtual Task<Upgrade> open(WebSocketRequest request) = 0;
};

std::shared_ptr<WebSockets> makeWebSockets(Network network = Network());

}  // namespace mooring::http
