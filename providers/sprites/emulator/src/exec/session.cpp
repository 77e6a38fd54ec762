#include "exec/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <csignal>

namespace mooring::sprites::emulated {

namespace {

/// A client that is that far behind holds the command up.
constexpr std::size_t mostWaiting = std::size_t{4} << 20;
constexpr std::size_t fewWaiting = std::size_t{1} << 20;

}  // namespace

Session::Session(const boost::asio::any_io_executor& loop,
                 std::shared_ptr<Clock> clock,
                 SessionSpec spec,
                 std::function<void(const Session&)> ended)
    : loop_(loop),
      clock_(std::move(clock)),
      spec_(std::move(spec)),
      ended_(std::move(ended)),
      createdAt_(clock_->now()),
      lastActivity_(createdAt_),
      changed_(loop),
      orphaned_(loop) {}

Task<void> Session::start(emulation::MachinePtr machine, emulation::BackgroundPtr background) {
  auto started = co_await startProcess(
      std::move(machine), spec_.process, shared_from_this(), std::move(background));
  if (!started) co_return std::unexpected(std::move(started).error());
  process_ = std::move(*started);
  co_return Result<void>();
}

std::string Session::command() const {
  std::string joined;
  for (const auto& word : spec_.process.argv)
    joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

ViewerPtr Session::join() {
  orphaned_.cancel();
  return viewers_.emplace_back(std::make_shared<Viewer>(loop_));
}

void Session::leave(const ViewerPtr& viewer) {
  std::erase(viewers_, viewer);
  if (process_ && wantsMore()) process_->goOn();
  if (viewers_.empty() && !exitCode_) orphan();
}

void Session::orphan() {
  if (spec_.maxRun.count() == 0) return;
  orphaned_.expires_after(spec_.maxRun);
  orphaned_.async_wait([weak = weak_from_this()](auto problem) {
    const auto self = weak.lock();
    if (problem || !self || self->exitCode_ || !self->viewers_.empty()) return;
    boost::asio::co_spawn(self->loop_, killOrphan(self), boost::asio::detached);
  });
}

boost::asio::awaitable<void> Session::killOrphan(std::shared_ptr<Session> self) {
  if (self->process_) co_await self->process_->signal(SIGKILL);
}

std::optional<Piece> Session::take(Viewer& viewer, std::size_t most) {
  if (viewer.pieces.empty()) return std::nullopt;
  Piece piece = std::move(viewer.pieces.front());
  viewer.pieces.pop_front();
  while (!viewer.pieces.empty() && viewer.pieces.front().stream == piece.stream &&
         piece.bytes.size() + viewer.pieces.front().bytes.size() <= most) {
    piece.bytes += viewer.pieces.front().bytes;
    viewer.pieces.pop_front();
  }
  viewer.waiting -= piece.bytes.size();
  if (piece.bytes.size() > most) {
    viewer.pieces.push_front(Piece{piece.stream, piece.bytes.substr(most)});
    viewer.waiting += viewer.pieces.front().bytes.size();
    piece.bytes.resize(most);
  }
  if (viewer.waiting <= fewWaiting && process_) process_->goOn();
  return piece;
}

Task<void> Session::awaitEnd() {
  while (!exitCode_) {
    auto woken = co_await changed_.wait();
    if (!woken) co_return woken;
  }
  co_return Result<void>();
}

void Session::keep(Stream stream, std::string_view bytes) {
  if (!replay_.empty() && replay_.back().stream == stream && replay_.back().bytes.size() < 4096) {
    replay_.back().bytes += bytes;
  } else {
    replay_.push_back(Piece{stream, std::string(bytes)});
  }
  replaySize_ += bytes.size();
  while (replaySize_ > spec_.replayBytes) {
    const auto over = replaySize_ - spec_.replayBytes;
    auto& oldest = replay_.front().bytes;
    if (oldest.size() <= over) {
      replaySize_ -= oldest.size();
      replay_.pop_front();
    } else {
      oldest.erase(0, over);
      replaySize_ -= over;
    }
  }
}

void Session::onOutput(Stream stream, std::string_view bytes) {
  lastActivity_ = clock_->now();
  keep(stream, bytes);
  for (const auto& viewer : viewers_) {
    viewer->pieces.push_back(Piece{stream, std::string(bytes)});
    viewer->waiting += bytes.size();
    viewer->changed.notify();
  }
}

void Session::onEnd(int exitCode) {
  if (exitCode_) return;
  exitCode_ = exitCode;
  orphaned_.cancel();
  changed_.notify();
  for (const auto& viewer : viewers_)
    viewer->changed.notify();
  if (ended_) ended_(*this);
}

bool Session::wantsMore() const {
  return std::ranges::none_of(viewers_, [](const auto& viewer) { return viewer->waiting > mostWaiting; });
}

}  // namespace mooring::sprites::emulated
