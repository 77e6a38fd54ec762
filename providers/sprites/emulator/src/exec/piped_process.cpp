#include "exec/piped_process.hpp"

#include <mooring/emulation/message.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>

namespace mooring::sprites::emulated {

namespace {

/// Typed and not yet read: more has to wait.
constexpr std::size_t mostTyped = std::size_t{1} << 20;

/// The shell says its process id and becomes the program, so that the id is the program's.
constexpr const char* announce = "echo $$; exec \"$@\"";

/// Standard input as it is typed.
class Typed final : public ByteSource {
 public:
  explicit Typed(const boost::asio::any_io_executor& loop) : changed_(loop) {}

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    while (waiting_.empty() && !ended_) {
      auto woken = co_await changed_.wait();
      if (!woken) co_return std::unexpected(std::move(woken).error());
    }
    const auto size = std::min(buffer.size(), waiting_.size());
    std::ranges::copy(asBytes(std::string_view(waiting_).substr(0, size)), buffer.begin());
    waiting_.erase(0, size);
    changed_.notify();
    co_return size;
  }
  Task<void> add(std::string bytes) {
    while (waiting_.size() > mostTyped && !ended_) {
      auto woken = co_await changed_.wait();
      if (!woken) co_return woken;
    }
    if (!ended_) waiting_ += bytes;
    changed_.notify();
    co_return Result<void>();
  }
  void end() {
    ended_ = true;
    changed_.notify();
  }

 private:
  std::string waiting_;
  bool ended_ = false;
  emulation::Notice changed_;
};

class PipedProcess final : public Process,
                           public RunObserver,
                           public std::enable_shared_from_this<PipedProcess> {
 public:
  PipedProcess(emulation::MachinePtr machine,
               std::shared_ptr<ProcessObserver> observer,
               emulation::BackgroundPtr background,
               const boost::asio::any_io_executor& loop)
      : machine_(std::move(machine)),
        observer_(std::move(observer)),
        background_(std::move(background)),
        known_(loop) {}

  static Task<void> drive(std::shared_ptr<PipedProcess> self, CommandSpec command) {
    constexpr std::chrono::milliseconds forEver(0);
    auto ended = co_await self->machine_->run(std::move(command), *self, forEver);
    if (self->typed_) self->typed_->end();
    self->over_ = true;
    // Its machine was taken from under it.
    const int lost = 128 + SIGKILL;
    const int code = ended.result ? ended.result->exitCode : lost;
    if (self->id_ == 0 && !ended.result) self->problem_ = std::move(ended.result).error();
    self->known_.notify();
    // The observer holds the process; from here on that is not mutual.
    const auto observer = std::move(self->observer_);
    if (self->id_ != 0) observer->onEnd(code);
    co_return Result<void>();
  }

  /// Until it has its id. Errors: why it could not be started.
  static Task<void> awaitStart(std::shared_ptr<PipedProcess> self) {
    while (self->id_ == 0 && !self->over_) {
      auto woken = co_await self->known_.wait();
      if (!woken) co_return woken;
    }
    if (self->problem_) co_return std::unexpected(*self->problem_);
    if (self->id_ == 0) co_return emulation::refused(500, "the command ended before it began");
    co_return Result<void>();
  }

  void takeInput(std::shared_ptr<Typed> typed) { typed_ = std::move(typed); }
  [[nodiscard]] int id() const override { return id_; }

  Task<void> type(std::string bytes) override {
    if (!typed_) co_return Result<void>();
    co_return co_await typed_->add(std::move(bytes));
  }
  void endInput() override {
    if (typed_) typed_->end();
  }
  Task<void> signal(int number) override {
    if (over_) co_return Result<void>();
    auto sent = co_await machine_->runCaptured(killing(number));
    if (!sent) co_return std::unexpected(std::move(sent).error());
    // A stopped process would not notice.
    goOn();
    co_return Result<void>();
  }
  Task<void> resize(int /*columns*/, int /*rows*/) override {
    co_return emulation::refused(400, "the session has no terminal");
  }

  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    auto text = asText(bytes);
    if (id_ == 0 && stream == Stream::out) text = readId(text);
    if (text.empty()) return;
    observer_->onOutput(stream, text);
    if (id_ != 0 && !observer_->wantsMore()) setHeld(true);
  }
  void goOn() override { setHeld(false); }

 private:
  /// The machine hands output on whether it is wanted or not. So that a client that does not read holds its
  /// command up, and not the emulator's memory, the command is stopped.
  void setHeld(bool held) {
    wantsHeld_ = held;
    if (over_ || pacing_ || wantsHeld_ == held_) return;
    pacing_ = true;
    background_->begin<void>(pace(shared_from_this()));
  }
  static Task<void> pace(std::shared_ptr<PipedProcess> self) {
    while (!self->over_ && self->held_ != self->wantsHeld_) {
      self->held_ = self->wantsHeld_;
      auto sent = co_await self->machine_->runCaptured(self->killing(self->held_ ? SIGSTOP : SIGCONT));
      if (!sent) break;
    }
    self->pacing_ = false;
    co_return Result<void>();
  }

  /// Takes the first line; gives what is behind it.
  std::string_view readId(std::string_view text) {
    const auto end = text.find('\n');
    firstLine_ += text.substr(0, end);
    if (end == std::string_view::npos) return {};
    std::from_chars(firstLine_.data(), firstLine_.data() + firstLine_.size(), id_);
    known_.notify();
    return text.substr(end + 1);
  }
  [[nodiscard]] CommandSpec killing(int number) const {
    CommandSpec command;
    command.program = "/bin/sh";
    command.args = {"-c", "kill -" + std::to_string(number) + " -" + std::to_string(id_)};
    return command;
  }

  emulation::MachinePtr machine_;
  std::shared_ptr<ProcessObserver> observer_;
  emulation::BackgroundPtr background_;
  std::shared_ptr<Typed> typed_;
  emulation::Notice known_;
  std::string firstLine_;
  int id_ = 0;
  bool over_ = false;
  bool held_ = false;
  bool wantsHeld_ = false;
  bool pacing_ = false;  ///< Is just being stopped, or continued.
  std::optional<Error> problem_;
};

}  // namespace

Task<ProcessPtr> startOnPipes(emulation::MachinePtr machine,
                              ProcessSpec spec,
                              std::shared_ptr<ProcessObserver> observer,
                              emulation::BackgroundPtr background) {
  const auto loop = co_await boost::asio::this_coro::executor;
  CommandSpec command;
  command.program = "/bin/sh";
  command.args = {"-c", announce, "sh"};
  command.args.insert(command.args.end(), spec.argv.begin(), spec.argv.end());
  command.cwd = spec.directory;
  command.env = usualEnvironment();
  auto process = std::make_shared<PipedProcess>(std::move(machine), std::move(observer), background, loop);
  if (spec.input) {
    auto typed = std::make_shared<Typed>(loop);
    command.input = typed;
    process->takeInput(std::move(typed));
  }
  background->begin<void>(PipedProcess::drive(process, std::move(command)));
  auto started = co_await PipedProcess::awaitStart(process);
  if (!started) co_return std::unexpected(std::move(started).error());
  co_return process;
}

}  // namespace mooring::sprites::emulated
