/// What to send.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/detail/enum_text.hpp>
#include <mooring/http/headers.hpp>
#include <mooring/http/response.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace mooring::http {

enum class Method { get, head, post, put, patch, del };

/// Whether sending it twice does no harm. Only `safe` requests are repeated after bytes of them were sent.
enum class Idempotency {
  byMethod,  ///< get, head, put and del are safe; post and patch are not.
  safe,
  unsafe,
};

/// Which versions of HTTP may carry it.
enum class Protocol {
  any,    ///< HTTP/2 where the server offers it over TLS.
  http1,  ///< A connection of its own while it lasts: exact back-pressure for large transfers.
};

/// Limits of one exchange; zero means none.
struct Timeouts {
  std::chrono::milliseconds connect = std::chrono::seconds(10);  ///< Name lookup, TCP and TLS together.
  std::chrono::milliseconds firstByte = {};  ///< From the end of the request to the first byte of the reply.
  std::chrono::milliseconds silence = {};    ///< Without a byte in either direction, while nobody here is the
                                             ///< slow one.
  std::chrono::milliseconds total = {};      ///< Everything, queueing in the engine included.
};

/// What follows the head. Copies share the bytes.
class Body {
 public:
  using Open = std::function<Result<std::shared_ptr<ByteSource>>()>;

  Body() = default;
  Body(std::string bytes);  // NOLINT(google-explicit-constructor): `.body = json::serialize(…)`
  Body(const char* bytes) : Body(std::string(bytes)) {}  // NOLINT(google-explicit-constructor)

  /// Read while it is sent; held in memory by pieces. A length that the source knows is announced, and then
  /// enforced; otherwise it goes out in chunks. Never sent twice once the first byte was read.
  static Body stream(std::shared_ptr<ByteSource> source);
  /// A stream that `open` can begin anew, so that a safe request can be repeated; for as long as `still` says
  /// so, where it is given.
  static Body replayable(Open open, std::function<bool()> still = nullptr);

  [[nodiscard]] bool isStream() const { return std::holds_alternative<Open>(content_); }
  [[nodiscard]] bool repeatable() const { return !isStream() || (replayable_ && (!still_ || still_())); }
  /// The bytes, unless it is a stream; null when there are none.
  [[nodiscard]] const std::string* text() const;
  /// The stream, to be read from its beginning.
  [[nodiscard]] Result<std::shared_ptr<ByteSource>> open() const;

 private:
  std::variant<std::monostate, std::shared_ptr<const std::string>, Open> content_;
  bool replayable_ = false;
  std::function<bool()> still_;
};

/// Decides from the head of the final reply where its body goes: the sink, or null to have it in
/// Response::body.
using SinkChooser = std::function<std::shared_ptr<ByteSink>(const Response& head)>;
/// The body of a 2xx reply goes to `sink`; any other comes back in Response::body, where its error can be
/// read.
SinkChooser whenOk(std::shared_ptr<ByteSink> sink);

struct Request {
  Method method = Method::get;
  /// Path and query below the client's base address ("/v1/boxes?limit=10"), or an absolute URL.
  std::string target = {};
  Headers headers = {};  ///< Never Authorization: the auth policy adds it.
  Body body = {};
  Idempotency idempotency = Idempotency::byMethod;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  ///< Of all attempts together.
  Timeouts timeouts = {};                                              ///< Of each attempt.
  SinkChooser sink = {};  ///< Empty: the whole body comes back in Response::body. Writing slowly slows the
                          ///< server.
  std::size_t maxBody = std::size_t{16} * 1024 * 1024;  ///< For a body held in memory. More is an error
                                                        ///< (corrupted).
  std::size_t buffer = std::size_t{8} * 1024;  ///< Bytes on their way through, each direction; more is
                                               ///< faster: 128 KiB for files.
  Protocol protocol = Protocol::any;
  /// What stands for the path in logs and counters, where the path holds something private: "/links/{token}".
  std::string route = {};
  /// Requests of one bucket share what a 429 taught: for servers that count calls of different kinds apart.
  std::string bucket = {};
  int attempt = 1;  ///< Set by the retry policy.
};

bool isSafe(const Request& request);

}  // namespace mooring::http

namespace mooring {
template <>
struct detail::EnumText<http::Method> {
  static constexpr std::array entries{
      std::pair{http::Method::get, std::string_view("GET")},
      std::pair{http::Method::head, std::string_view("HEAD")},
      std::pair{http::Method::post, std::string_view("POST")},
      std::pair{http::Method::put, std::string_view("PUT")},
      std::pair{http::Method::patch, std::string_view("PATCH")},
      std::pair{http::Method::del, std::string_view("DELETE")},
  };
};
}  // namespace mooring
