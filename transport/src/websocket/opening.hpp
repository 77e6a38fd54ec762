#pragma once

// How a connection is opened. In several sources, because Beast's templates take the compiler long and much
// memory.

#include <mooring/http/policies/auth.hpp>
#include <mooring/http/url.hpp>

#include "websocket/connection.hpp"

#include <boost/asio/ssl/context.hpp>

#include <algorithm>
#include <functional>

namespace mooring::http::detail {

using Clock = std::chrono::steady_clock;

/// Calls `ring` at a time, unless it is gone by then. A timer alone is not enough: one that has expired calls
/// its handler even after it was destroyed.
class Alarm {
 public:
  Alarm(const asio::any_io_executor& loop, Clock::time_point at, std::function<void()> ring)
      : timer_(loop, at) {
    timer_.async_wait([alive = alive_, ring = std::move(ring)](boost::system::error_code problem) {
      if (!problem && *alive) ring();
    });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() { *alive_ = false; }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  asio::steady_timer timer_;
};

/// One attempt to connect: where to, until when, and what its failures mean.
struct Attempt {
  Url url = {};
  WebSocketRequest request = {};
  Clock::time_point connectBy = {};
  asio::cancellation_state state = {};
  bool asked = false;  ///< The upgrade may have reached the server.

  /// What `what` failing with `problem` is for the caller.
  [[nodiscard]] Error failed(const std::string& what, const boost::system::error_code& problem) const {
    const bool unknown = asked && request.idempotency == Idempotency::unsafe;
    auto inner = makeError(unknown ? Errc::outcomeUnknown : Errc::unavailable,
                           what + " " + url.host + ": " + problem.message() +
                               (asked ? "" : "; nothing was asked of the server"));
    auto code = inner.code;
    if (isCancelled(state)) {
      code = Errc::cancelled;
    } else if (request.deadline && Clock::now() >= *request.deadline) {
      code = Errc::deadlineExceeded;
    }
    if (code == inner.code) return inner;
    auto outer = makeError(code, inner.message);
    if (unknown) outer.cause = std::make_shared<const Error>(std::move(inner));
    return outer;
  }

  [[nodiscard]] Clock::time_point before(Clock::time_point limit) const {
    return request.deadline ? std::min(limit, *request.deadline) : limit;
  }
};

std::string hostHeader(const Url& url);
Response responseFrom(const beast::websocket::response_type& reply, const Url& url);

/// Name lookup, TCP and, where there is a proxy, its tunnel.
Task<void> connect(std::shared_ptr<Attempt> attempt, const Network& network, beast::tcp_stream& stream);

Task<Upgrade> openPlain(std::shared_ptr<Attempt> attempt, const Network& network);
Task<Upgrade> openEncrypted(std::shared_ptr<Attempt> attempt,
                            const Network& network,
                            asio::ssl::context& trusted);

template <class Next>
void configure(beast::websocket::stream<Next>& stream, const WebSocketRequest& request) {
  beast::websocket::stream_base::timeout limits{};
  limits.handshake_timeout = request.upgrade;
  limits.idle_timeout = request.silence.count() > 0
                            ? std::chrono::duration_cast<std::chrono::nanoseconds>(request.silence)
                            : beast::websocket::stream_base::none();
  limits.keep_alive_pings = request.silence.count() > 0;
  stream.set_option(limits);
  stream.read_message_max(request.maxMessage);
  stream.auto_fragment(false);
  stream.set_option(
      beast::websocket::stream_base::decorator([&request](beast::websocket::request_type& upgrade) {
        for (const auto& [name, value] : request.headers)
          upgrade.set(name, value);
        std::string offered;
        for (const auto& name : request.subprotocols)
          offered += (offered.empty() ? "" : ", ") + name;
        if (!offered.empty()) upgrade.set(beast::http::field::sec_websocket_protocol, offered);
        if (!request.token.empty())
          upgrade.set(beast::http::field::authorization, bearerValue(request.token));
      }));
}

template <class Next>
Task<Upgrade> upgrade(std::shared_ptr<Attempt> attempt,
                      std::unique_ptr<beast::websocket::stream<Next>> stream) {
  auto& lowest = beast::get_lowest_layer(*stream);
  configure(*stream, attempt->request);
  lowest.expires_never();  // From here on the WebSocket's own timers count.
  std::optional<Alarm> deadline;
  if (attempt->request.deadline) {
    const auto hangUp = [&lowest] { lowest.close(); };
    deadline.emplace(lowest.get_executor(), *attempt->request.deadline, hangUp);
  }
  beast::websocket::response_type reply;
  attempt->asked = true;
  const auto host = hostHeader(attempt->url);
  boost::system::error_code problem;
  {
    const CutOnCancel cut(attempt->state, lowest);
    const auto [code] = co_await stream->async_handshake(reply, host, attempt->url.target, quiet());
    problem = code;
  }
  deadline.reset();
  Upgrade result;
  result.response = responseFrom(reply, attempt->url);
  if (problem == beast::websocket::error::upgrade_declined) co_return result;
  if (problem) co_return std::unexpected(attempt->failed("no usable answer to the upgrade from", problem));
  const auto chosen = result.response.headers.get("Sec-WebSocket-Protocol").value_or("");
  result.socket = std::make_shared<Connection<Next>>(
      std::move(stream), attempt->url.host, std::string(chosen));
  co_return result;
}

}  // namespace mooring::http::detail
