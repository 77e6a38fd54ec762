#include "run_once.hpp"

#include "capture.hpp"
#include "timeouts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace mooring::detail {
namespace {

/// Sees the command from start to end; lives on the loop.
class Watch final : public RunObserver {
 public:
  Watch(asio::any_io_executor loop, const Command& command)
      : timeouts_(command.timeouts),
        sink_(command.sink),
        out_(command.captureLimit),
        err_(command.captureLimit),
        timer_(loop) {
    progress_.asked = steady_clock::now();
  }

  void onStarted() override {
    progress_.started = steady_clock::now();
    timer_.cancel();  // Other limits count from here; the next one may pass sooner.
  }

  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    if (bytes.empty()) return;
    const bool first = !progress_.lastByte;
    progress_.lastByte = steady_clock::now();
    if (first && timeouts_.silence.count() > 0) timer_.cancel();
    (stream == Stream::out ? out_ : err_).add(bytes);
    if (sink_) sink_->onOutput(stream, bytes);
  }

  /// Ends when a limit passes, or when it is cancelled because the command has ended.
  asio::awaitable<void> untilTimeout() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (true) {
      const auto next = nextTimeout(timeouts_, progress_);
      if (next && next->at <= steady_clock::now()) {
        passed_ = next->kind;
        co_return;
      }
      timer_.expires_at(next ? next->at : steady_clock::time_point::max());
      boost::system::error_code ec;
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      co_await timer_.async_wait(token);
      const auto wanted = co_await stillWanted();
      if (!wanted) co_return;
    }
  }

  [[nodiscard]] bool limited() const {
    return timeouts_.connect.count() + timeouts_.firstByte.count() + timeouts_.silence.count() +
               timeouts_.total.count() >
           0;
  }
  [[nodiscard]] std::optional<TimeoutKind> passed() const { return passed_; }

  /// Ends the captures.
  [[nodiscard]] CommandResult captured() {
    CommandResult result;
    result.out = std::move(out_).finish();
    result.err = std::move(err_).finish();
    return result;
  }

 private:
  Timeouts timeouts_;
  std::shared_ptr<OutputSink> sink_;
  Capture out_;
  Capture err_;
  RunProgress progress_;
  asio::steady_timer timer_;
  std::optional<TimeoutKind> passed_;
};

Task<CommandEnd> providerRun(std::shared_ptr<Provider> provider,
                             Instance instance,
                             CommandSpec spec,
                             std::shared_ptr<Watch> watch,
                             CallOptions call) {
  // The parallel group below cancels this coroutine when a limit passes; its result must still come back.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await provider->commands().run(std::move(instance), std::move(spec), *watch, std::move(call));
}

Task<CommandEnd> runUnderLimits(CorePtr core,
                                std::shared_ptr<Provider> provider,
                                Instance instance,
                                CommandSpec spec,
                                std::shared_ptr<Watch> watch,
                                CallOptions call) {
  auto work = asio::co_spawn(
      core->loop,
      providerRun(std::move(provider), std::move(instance), std::move(spec), watch, call),
      asio::deferred);
  auto limit = asio::co_spawn(core->loop, watch->untilTimeout(), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(work), std::move(limit));
  auto [order, thrown, end, limitThrown] = co_await group.async_wait(asio::experimental::wait_for_one(),
                                                                     asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
  if (limitThrown) std::rethrow_exception(limitThrown);
  co_return std::move(end);
}

bool hasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

Result<void> validateCommand(const Command& command) {
  if (command.program.empty()) return failure(Errc::invalidArgument, "a command needs a program");
  bool nul = hasNul(command.program) || hasNul(command.cwd);
  for (const auto& arg : command.args)
    nul = nul || hasNul(arg);
  for (const auto& [name, value] : command.env) {
    nul = nul || hasNul(name) || hasNul(value);
    if (name.empty() || name.find('=') != std::string::npos) {
      return failure(Errc::invalidArgument, "\"" + name + "\" cannot be the name of an environment variable");
    }
  }
  if (nul) {
    return failure(
        Errc::invalidArgument,
        "program, arguments, cwd and env cannot hold NUL bytes; send such data by standard input or a file");
  }
  return {};
}

Task<CommandResult> runOnce(CorePtr core,
                            std::shared_ptr<Provider> provider,
                            Instance instance,
                            Command command,
                            std::map<std::string, std::string> env,
                            std::shared_ptr<ByteSource> input,
                            CallOptions call) {
  auto watch = std::make_shared<Watch>(core->loop, command);
  const auto startedAt = core->now();
  CommandSpec spec;
  spec.program = std::move(command.program);
  spec.args = std::move(command.args);
  spec.cwd = std::move(command.cwd);
  spec.env = std::move(env);
  spec.input = std::move(input);

  Result<CommandEnd> end;
  if (watch->limited()) {
    end = co_await runUnderLimits(core, provider, std::move(instance), std::move(spec), watch, call);
  } else {
    end = co_await provider->commands().run(std::move(instance), std::move(spec), *watch, call);
  }

  CommandResult result = watch->captured();
  result.startedAt = startedAt;
  result.finishedAt = core->now();
  result.timedOut = watch->passed();
  const bool timedOut = result.timedOut.has_value();
  if (!end && timedOut &&
      (end.error().code == Errc::cancelled || end.error().code == Errc::deadlineExceeded)) {
    // Killed before the provider had anything to confirm.
    CommandEnd killed;
    killed.exitCode = 137;
    killed.interrupted = true;
    end = killed;
  }
  if (end && (!end->interrupted || timedOut)) {
    if (!end->interrupted) result.timedOut.reset();  // It ended by itself while the limit was passing.
    result.exitCode = end->exitCode;
    result.signal = std::move(end->signal);
    result.killConfirmed = end->killConfirmed;
    co_return result;
  }
  auto error = end ? makeError(Errc::cancelled, "the command was interrupted and killed")
                   : std::move(end).error();
  error.partial = std::make_shared<const CommandResult>(std::move(result));
  co_return std::unexpected(std::move(error));
}

Task<std::size_t> OnceSource::read(std::span<std::byte> buffer) {
  begun_ = true;
  co_return co_await inner_->read(buffer);
}

}  // namespace mooring::detail
