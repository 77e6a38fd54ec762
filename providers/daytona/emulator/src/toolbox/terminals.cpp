#include "toolbox/terminals.hpp"

#include <mooring/emulation/waiting.hpp>

#include "toolbox/errors.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <csignal>

namespace mooring::daytona::emulator {

namespace {

constexpr std::size_t chunkSize = std::size_t{32} * 1024;
/// A client further behind is dropped.
constexpr std::size_t mostFrames = 256;

PtyEnd endOf(const StartedState& state) {
  constexpr int signalled = 128;
  PtyEnd end{state.exitCode, ""};
  if (end.exitCode == 0) return end;
  const int number = end.exitCode - signalled;
  switch (number) {
    case SIGKILL:
      end.reason = "SIGKILL";
      break;
    case SIGTERM:
      end.reason = "SIGTERM";
      break;
    case SIGINT:
      end.reason = "Ctrl+C";
      break;
    default:
      end.reason = number > 0 ? "signal " + std::to_string(number) : "non-zero exit";
  }
  return end;
}

}  // namespace

Pty::Pty(DaemonPtr daemon, PtySpec spec)
    : daemon_(std::move(daemon)), spec_(std::move(spec)), createdAt_(daemon_->now()) {}

Task<void> Pty::start() {
  if (terminal_) co_return Result<void>();
  emulation::TerminalSpec spec;
  spec.command.program = "/bin/sh";
  spec.command.args = {"-c", "if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi"};
  spec.command.cwd = daemon_->resolve(spec_.cwd);
  spec.command.env = daemon_->environment(spec_.environment);
  spec.columns = spec_.columns;
  spec.rows = spec_.rows;
  auto opening = emulation::Terminal::open(daemon_->machinePtr(), std::move(spec));
  auto opened = co_await emulation::steadily<std::shared_ptr<emulation::Terminal>>(std::move(opening));
  if (!opened) co_return std::unexpected(std::move(opened).error());
  terminal_ = std::move(*opened);
  boost::asio::co_spawn(daemon_->loop(), show(shared_from_this()), boost::asio::detached);
  co_return Result<void>();
}

boost::asio::awaitable<void> Pty::show(std::shared_ptr<Pty> self) {
  std::uint64_t offset = 0;
  while (true) {
    auto chunk = co_await self->terminal_->output(offset, chunkSize);
    if (!chunk) break;
    offset = chunk->nextOffset;
    for (const auto& viewer : self->viewers_) {
      if (viewer->frames.size() >= mostFrames) viewer->tooSlow = true;
      if (!viewer->tooSlow && !chunk->bytes.empty()) viewer->frames.push_back(chunk->bytes);
      viewer->changed.notify();
    }
    if (chunk->ended) break;
  }
  auto state = co_await self->terminal_->awaitEnd();
  self->finish(state ? endOf(*state) : PtyEnd{-1, "SIGKILL"});
}

void Pty::finish(PtyEnd end) {
  if (end_) return;
  end_ = std::move(end);
  daemon_->terminals().remove(shared_from_this());
  for (const auto& viewer : viewers_) {
    viewer->changed.notify();
  }
}

std::shared_ptr<PtyViewer> Pty::join() {
  return viewers_.emplace_back(std::make_shared<PtyViewer>(daemon_->loop()));
}

void Pty::leave(const std::shared_ptr<PtyViewer>& viewer) { std::erase(viewers_, viewer); }

Task<void> Pty::type(std::string bytes) {
  if (!terminal_) co_return refusal(410, "GONE", "the terminal has not been started");
  co_return co_await emulation::steadily<void>(terminal_->type(std::move(bytes)));
}

Task<void> Pty::resize(int columns, int rows) {
  if (terminal_) {
    auto resized = co_await emulation::steadily<void>(terminal_->resize(columns, rows));
    if (!resized) co_return resized;
  }
  spec_.columns = columns;
  spec_.rows = rows;
  co_return Result<void>();
}

Task<void> Pty::kill() {
  if (!terminal_) {
    finish(PtyEnd{128 + SIGKILL, "SIGKILL"});
    co_return Result<void>();
  }
  co_return co_await emulation::steadily<void>(terminal_->signal(SIGKILL));
}

void Pty::forget() { finish(PtyEnd{128 + SIGKILL, "SIGKILL"}); }

PtyPtr Terminals::find(std::string_view id) const {
  const auto found = terminals_.find(id);
  return found == terminals_.end() ? nullptr : found->second;
}

bool Terminals::add(PtyPtr pty) {
  const auto id = pty->spec().id;
  return terminals_.emplace(id, std::move(pty)).second;
}

void Terminals::remove(const PtyPtr& pty) {
  const auto found = terminals_.find(pty->spec().id);
  if (found != terminals_.end() && found->second == pty) terminals_.erase(found);
}

void Terminals::end() {
  const auto all = std::move(terminals_);
  terminals_.clear();
  for (const auto& [id, pty] : all) {
    pty->forget();
  }
}

}  // namespace mooring::daytona::emulator
