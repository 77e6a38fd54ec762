#include "exec/terminal_process.hpp"

#include <mooring/emulation/message.hpp>
#include <mooring/emulation/terminal.hpp>

#include <csignal>

namespace mooring::sprites::emulated {

namespace {

constexpr std::size_t largestPiece = std::size_t{32} * 1024;

class TerminalProcess final : public Process {
 public:
  TerminalProcess(std::shared_ptr<emulation::Terminal> terminal,
                  std::shared_ptr<ProcessObserver> observer,
                  int id,
                  const boost::asio::any_io_executor& loop)
      : terminal_(std::move(terminal)), observer_(std::move(observer)), room_(loop), id_(id) {}

  [[nodiscard]] int id() const override { return id_; }

  Task<void> type(std::string bytes) override {
    auto typed = co_await terminal_->type(std::move(bytes));
    if (!typed && typed.error().code == Errc::conflict) co_return Result<void>();
    co_return typed;
  }
  /// A terminal has no end of its own: who types says so (^D).
  void endInput() override {}
  Task<void> signal(int number) override { return terminal_->signal(number); }
  Task<void> resize(int columns, int rows) override { return terminal_->resize(columns, rows); }
  void goOn() override { room_.notify(); }

  static Task<void> show(std::shared_ptr<TerminalProcess> self) {
    std::uint64_t offset = 0;
    while (true) {
      while (!self->observer_->wantsMore()) {
        auto woken = co_await self->room_.wait();
        if (!woken) co_return woken;
      }
      auto chunk = co_await self->terminal_->output(offset, largestPiece);
      if (!chunk) break;
      offset = chunk->nextOffset;
      if (!chunk->bytes.empty()) self->observer_->onOutput(Stream::out, chunk->bytes);
      if (chunk->ended) break;
    }
    const auto state = co_await self->terminal_->awaitEnd();
    const bool known = state && state->status == CommandStatus::exited;
    // The observer holds the process; from here on that is not mutual.
    const auto observer = std::move(self->observer_);
    observer->onEnd(known ? state->exitCode : 128 + SIGKILL);
    co_return Result<void>();
  }

 private:
  std::shared_ptr<emulation::Terminal> terminal_;
  std::shared_ptr<ProcessObserver> observer_;
  emulation::Notice room_;
  int id_;
};

}  // namespace

Task<ProcessPtr> startOnTerminal(emulation::MachinePtr machine,
                                 ProcessSpec spec,
                                 std::shared_ptr<ProcessObserver> observer,
                                 emulation::BackgroundPtr background) {
  emulation::TerminalSpec terminal;
  terminal.command.program = spec.argv.front();
  terminal.command.args.assign(spec.argv.begin() + 1, spec.argv.end());
  terminal.command.cwd = spec.directory;
  terminal.command.env = usualEnvironment();
  terminal.columns = spec.columns;
  terminal.rows = spec.rows;
  auto opened = co_await emulation::Terminal::open(std::move(machine), std::move(terminal));
  if (!opened) co_return std::unexpected(std::move(opened).error());
  auto id = co_await (*opened)->process();
  if (!id) co_return std::unexpected(std::move(id).error());
  const auto loop = co_await boost::asio::this_coro::executor;
  auto process = std::make_shared<TerminalProcess>(std::move(*opened), std::move(observer), *id, loop);
  background->begin<void>(TerminalProcess::show(process));
  co_return process;
}

}  // namespace mooring::sprites::emulated
