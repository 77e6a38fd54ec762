#include "exec/exec_socket.hpp"

#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/text.hpp>

#include "exec/frames.hpp"
#include "exec/running.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <optional>

namespace mooring::sprites::emulated {

namespace json = boost::json;

namespace {

using SocketPtr = std::shared_ptr<http::WebSocket>;

constexpr std::uint16_t closedWell = 1000;
constexpr std::uint16_t closedInError = 1011;
constexpr int exitMask = 0xff;

ExecManner mannerOf(const emulation::Request& request) {
  ExecManner manner;
  manner.fastPath = request.manner == "fast-path";
  manner.exitTextFirst = request.manner == "exit-text-first";
  manner.noExit = request.manner == "no-exit";
  manner.outputAfterExit = request.manner == "output-after-exit";
  manner.silence = request.manner == "silence";
  return manner;
}

/// What a client says in text. What cannot be understood is passed over, as a real terminal's server would.
Task<void> obey(SessionPtr session, std::string text) {
  auto object = emulation::parseObject(text);
  if (!object) co_return Result<void>();
  emulation::Members members(*object);
  const auto type = members.text("type");
  if (type == "signal") {
    const auto number = parseSignal(members.text("signal"));
    if (number) co_return co_await session->process().signal(*number);
  }
  if (type == "resize") {
    constexpr int largest = 10000;
    const auto columns = members.integer("cols", 1, largest);
    const auto rows = members.integer("rows", 1, largest);
    if (!members.done()) co_return Result<void>();
    co_return co_await session->process().resize(static_cast<int>(columns), static_cast<int>(rows));
  }
  co_return Result<void>();
}

Task<void> take(SessionPtr session, http::Message message) {
  if (message.text) co_return co_await obey(std::move(session), std::move(message.data));
  if (session->tty()) co_return co_await session->process().type(std::move(message.data));
  if (message.data.empty()) co_return Result<void>();
  const auto kind = static_cast<FrameKind>(message.data.front());
  if (kind == FrameKind::input) co_return co_await session->process().type(message.data.substr(1));
  if (kind == FrameKind::endOfInput) session->process().endInput();
  co_return Result<void>();
}

/// What the client sends; ends when it leaves.
boost::asio::awaitable<void> listen(SocketPtr socket, SessionPtr session, ViewerPtr viewer) {
  while (true) {
    auto message = co_await socket->read();
    if (!message || !*message) break;
    co_await take(session, std::move(**message));
  }
  viewer->left = true;
  viewer->changed.notify();
}

json::object debugEvent(const World& world, const Session& session, const std::string& text) {
  json::object event;
  event["type"] = "debug";
  event["msg"] = text;
  event["pid"] = std::stoi(session.id());
  event["t_ms"] = (world.now() - session.createdAt()).count();
  return event;
}

json::object sessionInfo(const Session& session, bool owner) {
  const auto& process = session.spec().process;
  json::object info;
  info["type"] = "session_info";
  info["session_id"] = session.id();
  info["command"] = emulation::validUtf8(session.command());
  info["created"] = std::chrono::floor<std::chrono::seconds>(session.createdAt()).time_since_epoch().count();
  info["cols"] = process.tty ? process.columns : 0;
  info["rows"] = process.tty ? process.rows : 0;
  info["is_owner"] = owner;
  info["tty"] = session.tty();
  return info;
}

/// One client's side of a session.
class Show {
 public:
  Show(WorldPtr world, SessionPtr session, ViewerPtr viewer, SocketPtr socket, ExecManner manner)
      : world_(std::move(world)),
        session_(std::move(session)),
        viewer_(std::move(viewer)),
        socket_(std::move(socket)),
        manner_(manner) {}

  Task<void> greet(bool attaches) {
    auto event = debugEvent(*world_, *session_, attaches ? "session_attached" : "session_created");
    auto told = co_await say(std::move(event));
    if (!told) co_return told;
    co_return co_await say(sessionInfo(*session_, !attaches));
  }

  /// The command may have printed, and even ended, before the socket is attached to it.
  Task<void> attach(bool attaches) {
    if (attaches) co_return co_await replay("normal_path");
    const auto patience = world_->knobs.attachDelay;
    if (!manner_.fastPath && patience.count() == 0) co_return co_await sayPath("normal_path", 0);
    auto ended = co_await emulation::within<void>(session_->awaitEnd(),
                                                  manner_.fastPath ? forEver : patience);
    if (!ended.result && !ended.late) co_return std::move(ended.result);
    viewer_->pieces.clear();
    viewer_->waiting = 0;
    const bool gone = session_->exitCode().has_value();
    co_return co_await replay(gone ? "fast_path" : "normal_path");
  }

  /// Output until the end, or until the client has gone.
  Task<void> show() {
    if (manner_.exitTextFirst) {
      auto ended = co_await session_->awaitEnd();
      if (ended) ended = co_await sayExit();
      if (!ended) co_return ended;
    }
    while (!viewer_->left) {
      auto piece = session_->take(*viewer_, longestFrame);
      if (piece) {
        auto sent = co_await send(*piece);
        if (!sent) co_return sent;
      } else if (session_->exitCode()) {
        co_return Result<void>();
      } else {
        auto woken = co_await viewer_->changed.wait();
        if (!woken) co_return woken;
      }
    }
    co_return Result<void>();
  }

  Task<void> sayGoodbye() {
    if (manner_.noExit) {
      socket_->close(closedWell);
      co_return Result<void>();
    }
    Result<void> told;
    if (!manner_.exitTextFirst) told = co_await sayExit();
    if (!told || session_->tty()) co_return told;
    told = co_await socket_->write(binaryMessage(exitFrame(*session_->exitCode() & exitMask)));
    if (!told || !manner_.outputAfterExit) co_return told;
    co_return co_await socket_->write(binaryMessage(frameOf(FrameKind::out, "late\n")));
  }

  /// The service holds the connection for a while after it has said everything.
  Task<void> linger() {
    const auto until = std::chrono::steady_clock::now() + world_->knobs.linger;
    while (!viewer_->left) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until -
                                                                     std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      auto woken = co_await emulation::within<void>(viewer_->changed.wait(), left);
      if (!woken.result && !woken.late) co_return std::move(woken.result);
    }
    socket_->close(closedWell);
    co_return Result<void>();
  }

 private:
  static constexpr std::chrono::milliseconds forEver = std::chrono::milliseconds(0);

  Task<void> say(json::object event) { return socket_->write(textMessage(event)); }

  Task<void> sayExit() {
    json::object event;
    event["type"] = "exit";
    event["exit_code"] = *session_->exitCode();
    return say(std::move(event));
  }

  Task<void> sayPath(const std::string& path, std::size_t history) {
    std::string text = path;
    if (path == "fast_path")
      text += " attach_err=session has exited exit_code=" + std::to_string(*session_->exitCode());
    text += " history_len=" + std::to_string(history);
    return say(debugEvent(*world_, *session_, text));
  }

  /// What is kept; of a command that has ended already the streams are one.
  Task<void> replay(std::string path) {
    const auto kept = session_->replay();
    const bool merges = path == "fast_path";
    auto told = co_await sayPath(path, session_->replaySize());
    for (auto piece : kept) {
      if (merges) piece.stream = Stream::out;
      if (told) told = co_await send(std::move(piece));
    }
    co_return told;
  }

  Task<void> send(Piece piece) {
    if (session_->tty()) return socket_->write(binaryMessage(std::move(piece.bytes)));
    const auto kind = piece.stream == Stream::out ? FrameKind::out : FrameKind::err;
    return socket_->write(binaryMessage(frameOf(kind, piece.bytes)));
  }

  WorldPtr world_;
  SessionPtr session_;
  ViewerPtr viewer_;
  SocketPtr socket_;
  ExecManner manner_;
};

Task<void> refuseOn(SocketPtr socket, std::string why) {
  json::object event;
  event["type"] = "error";
  event["error"] = why;
  auto told = co_await socket->write(textMessage(event));
  socket->close(closedInError, why.substr(0, 100));
  co_return told;
}

/// TTY: the connection just drops.
Task<void> end(emulation::Exchange& exchange, Show& show, const Session& session) {
  auto told = co_await show.sayGoodbye();
  if (told && session.tty()) {
    exchange.cut();
    co_return told;
  }
  if (told) told = co_await show.linger();
  co_return told;
}

/// A client that leaves is not noticed: that is what it is about. So only until the sprite is put away.
Task<void> keepSilent(WorldPtr world, SpritePtr sprite) {
  while (!sprite->removed && sprite->sleep.status() == Status::running) {
    auto slept = co_await emulation::sleepFor(world->knobs.look);
    if (!slept) co_return slept;
  }
  co_return Result<void>();
}

}  // namespace

Task<void> serveSession(WorldPtr world, Call call, Awake awake, SessionPtr session, bool attaches) {
  const Watching watching(session);
  const Connected connected(awake.sprite, *call.exchange);
  emulation::AcceptOptions options;
  options.headers.add("X-Sprite-Capabilities", "signal");
  auto accepted = co_await call.exchange->accept(std::move(options));
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  const SocketPtr socket = *accepted;
  if (!attaches) {
    const auto launching = launch(world, awake.sprite, session);
    auto launched = co_await launching->result();
    if (!launched) co_return co_await refuseOn(socket, startFailure(session->spec(), launched.error()));
  }
  const auto manner = mannerOf(call.request());
  if (manner.silence) co_return co_await keepSilent(world, awake.sprite);
  boost::asio::co_spawn(world->stage.loop, listen(socket, session, watching.viewer()), boost::asio::detached);
  Show show(world, session, watching.viewer(), socket, manner);
  auto told = co_await show.greet(attaches);
  if (told) told = co_await show.attach(attaches);
  if (told) told = co_await show.show();
  if (!told || watching.viewer()->left || !session->exitCode()) co_return told;
  co_return co_await end(*call.exchange, show, *session);
}

}  // namespace mooring::sprites::emulated
