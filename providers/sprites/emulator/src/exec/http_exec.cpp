// Commands begun, over plain HTTP: frames without lengths, one a chunk.
#include "exec/frames.hpp"
#include "exec/running.hpp"
#include "exec/wish.hpp"
#include "routes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace mooring::sprites::emulated {

using emulation::refused;

namespace {

/// Of one chunk, with its first byte: clients take what they read at once for one frame.
constexpr std::size_t longestChunk = std::size_t{16} * 1024;
constexpr int exitMask = 0xff;

boost::asio::awaitable<void> typeAll(SessionPtr session, std::string input) {
  co_await session->process().type(std::move(input));
  session->process().endInput();
}

std::string frameFor(const Piece& piece) {
  return frameOf(piece.stream == Stream::out ? FrameKind::out : FrameKind::err, piece.bytes);
}

/// The answer's body, as the service sends it or as something on the way spoils it.
class Chunks {
 public:
  Chunks(WorldPtr world, Call call) : world_(std::move(world)), call_(std::move(call)) {}

  Task<void> begin() {
    http::Headers headers;
    headers.add("Content-Type", "application/octet-stream");
    co_return co_await call_.exchange->begin(200, std::move(headers), std::nullopt);
  }

  Task<void> add(Piece piece) {
    if (manner() == "coalesce") {
      held_ += frameFor(piece);
      co_return Result<void>();
    }
    if (manner() == "split") {
      (piece.stream == Stream::out ? out_ : err_).bytes += piece.bytes;
      co_return Result<void>();
    }
    co_return co_await flush(frameFor(piece));
  }

  Task<void> end(int exitCode) {
    Result<void> sent;
    if (!out_.bytes.empty()) sent = co_await flush(frameFor(out_));
    if (sent && !err_.bytes.empty()) sent = co_await flush(frameFor(err_));
    if (!sent) co_return sent;
    co_return co_await flush(held_ + exitFrame(exitCode & exitMask));
  }

 private:
  [[nodiscard]] const std::string& manner() const { return call_.request().manner; }

  Task<void> flush(std::string chunk) {
    auto sent = co_await call_.exchange->write(asBytes(chunk));
    if (!sent) co_return sent;
    co_return co_await emulation::sleepFor(world_->knobs.framePause);
  }

  WorldPtr world_;
  Call call_;
  std::string held_;
  Piece out_ = {Stream::out, {}};
  Piece err_ = {Stream::err, {}};
};

Task<void> send(Chunks& chunks, SessionPtr session, ViewerPtr viewer) {
  while (true) {
    auto piece = session->take(*viewer, longestChunk - 1);
    if (piece) {
      auto sent = co_await chunks.add(std::move(*piece));
      if (!sent) co_return sent;
    } else if (session->exitCode()) {
      co_return co_await chunks.end(*session->exitCode());
    } else {
      auto woken = co_await viewer->changed.wait();
      if (!woken) co_return woken;
    }
  }
}

Task<void> run(WorldPtr world, Call call) {
  auto spec = parseExec(call.request());
  if (!spec) co_return std::unexpected(std::move(spec).error());
  auto input = co_await call.exchange->body();
  if (!input) co_return std::unexpected(std::move(input).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto session = newSession(*world, awake->sprite, std::move(*spec));
  const Watching watching(session);
  const Connected connected(awake->sprite, *call.exchange);
  const auto launching = launch(world, awake->sprite, session);
  auto launched = co_await launching->result();
  if (!launched) co_return refused(400, startFailure(session->spec(), launched.error()));
  boost::asio::co_spawn(world->stage.loop, typeAll(session, std::move(*input)), boost::asio::detached);
  Chunks chunks(world, call);
  auto begun = co_await chunks.begin();
  if (!begun) co_return begun;
  co_return co_await send(chunks, session, watching.viewer());
}

}  // namespace

void addHttpExecRoutes(Routes& routes) {
  routes.streamOfSprite("POST", "/exec", {"cmd", "path", "stdin", "env", "dir"}, run);
}

}  // namespace mooring::sprites::emulated
