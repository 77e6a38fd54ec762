#pragma once

/// WebSockets that say what a test told them, and remember what was said to them.

#include <mooring/http/websocket.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mooring::test {

/// Threads: the loop's, once it runs. What is said before it is read waits.
class ScriptedSocket final : public http::WebSocket {
 public:
  using Heard = std::function<void(ScriptedSocket& socket, const http::Message& message)>;

  explicit ScriptedSocket(Heard heard = Heard()) : heard_(std::move(heard)) {}

  void say(std::string text) { push(std::optional(http::Message{std::move(text), true})); }
  void sayBytes(std::string bytes) { push(std::optional(http::Message{std::move(bytes), false})); }
  void sayGoodbye() { push(std::optional<http::Message>()); }
  void breakOff() { push(failure(Errc::unavailable, "the connection was cut")); }

  Task<std::optional<http::Message>> read() override {
    namespace asio = boost::asio;
    while (said_.empty()) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none)
        co_return failure(Errc::cancelled, "cancelled while reading");
      asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      waiting_ = &timer;
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      waiting_ = nullptr;
    }
    auto next = std::move(said_.front());
    said_.pop_front();
    co_return next;
  }

  Task<void> write(http::Message message) override {
    heardAll.push_back(message);
    if (heard_) heard_(*this, message);
    co_return Result<void>();
  }

  void close(std::uint16_t, std::string) override { closed = true; }
  [[nodiscard]] http::CloseReason closing() const override { return {}; }
  [[nodiscard]] std::string subprotocol() const override { return {}; }

  std::vector<http::Message> heardAll;
  bool closed = false;

 private:
  void push(Result<std::optional<http::Message>> next) {
    said_.push_back(std::move(next));
    if (waiting_ != nullptr) waiting_->cancel();
  }

  Heard heard_;
  std::deque<Result<std::optional<http::Message>>> said_;
  boost::asio::steady_timer* waiting_ = nullptr;
};

class ScriptedSockets final : public http::WebSockets {
 public:
  /// The next one to be opened gets this; each once, in order. Without any left, an internal error.
  void accept(std::shared_ptr<ScriptedSocket> socket) {
    http::Upgrade upgrade;
    upgrade.response.status = 101;
    upgrade.socket = std::move(socket);
    next_.emplace_back(std::move(upgrade));
  }
  void refuse(int status, std::string body = std::string(), http::Headers headers = http::Headers()) {
    http::Upgrade upgrade;
    upgrade.response.status = status;
    upgrade.response.body = std::move(body);
    upgrade.response.headers = std::move(headers);
    next_.emplace_back(std::move(upgrade));
  }
  void fail(Error error) { next_.emplace_back(std::unexpected(std::move(error))); }

  Task<http::Upgrade> open(http::WebSocketRequest request) override {
    opened.push_back(std::move(request));
    if (next_.empty()) co_return failure(Errc::internal, "the script has no answer to " + opened.back().url);
    auto next = std::move(next_.front());
    next_.pop_front();
    co_return next;
  }

  std::vector<http::WebSocketRequest> opened;

 private:
  std::deque<Result<http::Upgrade>> next_;
};

}  // namespace mooring::test
