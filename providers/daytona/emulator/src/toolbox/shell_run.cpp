#include "toolbox/shell_run.hpp"

#include "toolbox/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace mooring::daytona::emulator {

namespace {

/// Beyond it, output is dropped: it is held in memory, here as there.
constexpr std::size_t outputLimit = std::size_t{256} << 20;
/// How long the daemon waits for those who hold the output open after the program has ended.
constexpr std::chrono::seconds afterglow(30);

/// Standard error carries the exit code alone; everything printed goes through `cat`, which ends when nobody
/// can print any more. The shell in the middle has no redirection of its own, so that it says there, too,
/// when a signal has killed the program.
constexpr const char* wrapper = R"sh(
exec 3>&2
if [ $# -eq 0 ]; then
  if [ -x /bin/bash ]; then set -- /bin/bash; else set -- /bin/sh; fi
fi
program='exec "$@" 2>&1 3>&-'
waiter='/bin/sh -c "$0" sh "$@"; printf "%s\n" "$?" >&3'
/bin/sh -c "$waiter" "$program" "$@" | cat 3>&-
)sh";

/// Lives as long as the command does, whoever still waits for it.
class ShellRun final : public RunObserver, public std::enable_shared_from_this<ShellRun> {
 public:
  explicit ShellRun(DaemonPtr daemon) : daemon_(std::move(daemon)), changed_(daemon_->loop()) {}

  static boost::asio::awaitable<void> drive(std::shared_ptr<ShellRun> self,
                                            CommandSpec spec,
                                            std::chrono::milliseconds timeout,
                                            std::string digest) {
    self->digest_ = std::move(digest);
    auto ended = co_await self->daemon_->machine().run(std::move(spec), *self, timeout);
    self->late_ = ended.late;
    self->ended_ = std::move(ended.result);
    self->changed_.notify();
  }

  void onStarted() override { daemon_->ledger().ran(daemon_->sandboxId(), digest_); }

  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    if (stream == Stream::err) {
      status_ += asText(bytes);
      changed_.notify();
    } else if (output_.size() < outputLimit) {
      output_ += asText(bytes.first(std::min(bytes.size(), outputLimit - output_.size())));
    }
  }

  /// Until it has ended, or `afterglow` after its program has.
  Task<void> wait() {
    while (!ended_ && !exitCode()) {
      auto woken = co_await changed_.wait();
      if (!woken) co_return woken;
    }
    const auto until = std::chrono::steady_clock::now() + afterglow;
    while (!ended_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until -
                                                                     std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      auto woken = co_await emulation::within<void>(changed_.wait(), left);
      if (!woken.result && !woken.late) co_return std::move(woken.result);
    }
    co_return Result<void>();
  }

  [[nodiscard]] const std::optional<Result<CommandEnd>>& ended() const { return ended_; }
  [[nodiscard]] bool late() const { return late_; }
  std::string takeOutput() { return std::move(output_); }

  /// What the wrapper reported: the program's code, or -1 when the shell that waited for it had to say more,
  /// namely which signal killed it.
  [[nodiscard]] std::optional<int> exitCode() const {
    if (!status_.ends_with('\n')) return std::nullopt;
    const auto line = std::string_view(status_).substr(0, status_.size() - 1);
    const auto start = line.rfind('\n');
    if (start != std::string_view::npos)
      return isNumber(line.substr(start + 1)) ? std::optional(-1) : std::nullopt;
    return numberIn(line);
  }

 private:
  static std::optional<int> numberIn(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }
  static bool isNumber(std::string_view text) { return numberIn(text).has_value(); }

  DaemonPtr daemon_;
  std::string digest_;
  std::string output_;
  std::string status_;
  std::optional<Result<CommandEnd>> ended_;
  bool late_ = false;
  emulation::Notice changed_;
};

bool isAboutTheDirectory(const Error& error) {
  return error.code == Errc::notFound || error.code == Errc::invalidArgument ||
         error.code == Errc::permissionDenied;
}

}  // namespace

Task<ShellResult> runShell(DaemonPtr daemon, ShellCommand command) {
  CommandSpec spec;
  spec.program = "/bin/sh";
  spec.args = {"-c", wrapper, "sh"};
  spec.args.insert(spec.args.end(), command.argv.begin(), command.argv.end());
  spec.cwd = daemon->resolve(command.cwd);
  spec.env = daemon->environment(command.environment);
  spec.input = sourceOf(command.input);
  const std::string cwd = spec.cwd;

  auto run = std::make_shared<ShellRun>(daemon);
  auto driving = ShellRun::drive(run, std::move(spec), command.timeout, emulation::digestOf(command.input));
  boost::asio::co_spawn(daemon->loop(), std::move(driving), boost::asio::detached);
  auto waited = co_await run->wait();
  if (!waited) co_return std::unexpected(std::move(waited).error());

  ShellResult result;
  if (run->ended() && !*run->ended()) {
    const auto& error = run->ended()->error();
    if (!isAboutTheDirectory(error)) co_return std::unexpected(error);
    result.exitCode = -1;
    result.output = fmt::format("chdir {}: no such file or directory", cwd);
    co_return result;
  }
  result.timedOut = run->late();
  result.exitCode = run->exitCode().value_or(-1);
  result.output = validUtf8(run->takeOutput());
  co_return result;
}

}  // namespace mooring::daytona::emulator
