#include "exec/follow.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"
#include "exec/frames.hpp"
#include "sockets.hpp"

#include <optional>

namespace mooring::sprites {

namespace {

/// What was heard of a session so far.
class Heard {
 public:
  explicit Heard(std::function<void(Stream, std::string_view)> onOutput) : onOutput_(std::move(onOutput)) {}

  /// The exit code, once that and all output has come.
  std::optional<int> take(const http::Message& message) {
    if (message.text) return takeText(readAnnouncement(message));
    if (message.data.empty()) return std::nullopt;
    if (terminal_) {
      onOutput_(Stream::out, message.data);
      return std::nullopt;
    }
    const auto payload = std::string_view(message.data).substr(1);
    switch (message.data.front()) {
      case frame_kind::output:
        onOutput_(Stream::out, payload);
        break;
      case frame_kind::errors:
        onOutput_(Stream::err, payload);
        break;
      case frame_kind::exit:
        if (!payload.empty()) return static_cast<unsigned char>(payload.front());
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  /// What was said of it before the connection ended.
  [[nodiscard]] std::optional<int> announced() const { return announced_; }

 private:
  /// Where there is a terminal this is all that is said of the end; else output may still come.
  std::optional<int> takeText(const Announcement& text) {
    if (text.type == "session_info") terminal_ = text.terminal;
    if (text.type != "exit") return std::nullopt;
    announced_ = text.exitCode;
    return terminal_ ? announced_ : std::nullopt;
  }

  std::function<void(Stream, std::string_view)> onOutput_;
  bool terminal_ = false;
  std::optional<int> announced_;
};

}  // namespace

Task<int> followSession(AccountPtr account,
                        Instance instance,
                        Session session,
                        std::function<void(Stream, std::string_view)> onOutput) {
  const auto what = "follow session " + session.id;
  const CallOptions unlimited;
  auto socket = co_await openSocket(
      account, std::move(instance), "/exec/" + http::escape(session.id) + "?stdin=false", what, unlimited);
  if (!socket) co_return std::unexpected(std::move(socket).error());
  Heard heard(std::move(onOutput));
  for (;;) {
    auto message = co_await (*socket)->read();
    if (message && *message) {
      const auto code = heard.take(**message);
      if (!code) continue;
      (*socket)->close();
      co_return *code;
    }
    // With a terminal Sprites drops the connection instead of closing it.
    if (heard.announced()) co_return *heard.announced();
    if (!message) co_return std::unexpected(errorFrom(std::move(message).error(), what));
    co_return refuse(Errc::unavailable, "the connection was closed before the session ended");
  }
}

}  // namespace mooring::sprites
