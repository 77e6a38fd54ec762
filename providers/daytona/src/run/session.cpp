#include "run/session.hpp"

#include <mooring/http/request.hpp>

#include "errors.hpp"
#include "toolbox.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <csignal>

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace mooring::daytona {

namespace {

/// Input that travels with the first request. A shell may read its standard input byte by byte.
constexpr std::uint64_t inputAtOnce = std::uint64_t{48} * 1024;
/// A command that takes no longer needs no second request; one that prints is seen after the first of them.
constexpr Patience firstPatience{.withOutput = 1, .beyond = 1};
/// Well below what proxies allow for a request without an answer.
constexpr Patience furtherPatience{.withOutput = 0, .beyond = 20};
constexpr Patience briefPatience{.withOutput = 0, .beyond = 1};
/// The daemon's own limit of one request; it would kill the script that waits, not the command.
constexpr int daemonSeconds = 90;
constexpr seconds killPatience(10);
/// Kept in the sandbox until its next request comes; more is removed at once.
constexpr std::uint64_t mostKept = std::uint64_t{256} * 1024;
/// Answers without news after which something is taken to be broken in the sandbox.
constexpr int mostEmpty = 15;

bool isLimit(const Error& error) {
  return error.code == Errc::cancelled || error.code == Errc::deadlineExceeded;
}

Task<std::string> readWhole(ByteSource& source, std::uint64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    auto count = co_await source.read(std::as_writable_bytes(std::span(bytes).subspan(filled)));
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    filled += *count;
  }
  bytes.resize(filled);
  co_return bytes;
}

}  // namespace

std::string newKey(const Account& account) {
  auto key = account.context.ids->uuid();
  std::erase(key, '-');
  return key;
}

RunSession::RunSession(AccountPtr account,
                       std::shared_ptr<SpentRuns> spent,
                       Instance instance,
                       RunObserver& observer,
                       CallOptions call)
    : account_(std::move(account)),
      spent_(std::move(spent)),
      instance_(std::move(instance)),
      id_{.key = newKey(*account_), .mark = newKey(*account_)},
      output_(observer, id_.mark),
      call_(std::move(call)) {}

/// One request. `doubtful`: it may have reached the sandbox, although there is no answer.
Task<Answer> RunSession::attempt(const std::string& text,
                                 AnswerEvents events,
                                 Asking asking,
                                 bool& doubtful) {
  auto reader = std::make_shared<AnswerReader>(id_.key, std::move(events));
  http::Request request;
  request.method = http::Method::post;
  request.target = "/process/execute";
  request.headers.add("Content-Type", "application/json");
  request.body = boost::json::serialize(boost::json::value{{"command", text}, {"timeout", daemonSeconds}});
  request.idempotency = http::Idempotency::unsafe;  // Here it is known what may be repeated, and what it
                                                    // proves.
  request.deadline = asking.deadline;
  request.timeouts.total = asking.atMost;
  request.sink = http::whenOk(reader);
  auto response = co_await callToolbox(account_, instance_, std::move(request));
  if (!response) {
    doubtful = http::mayHaveHappened(response.error());
    co_return std::unexpected(std::move(response).error());
  }
  if (!response->ok()) {
    doubtful = response->status == 408 || response->status >= 500;
    co_return std::unexpected(errorFrom(*account_, *response, "run a command in the sandbox"));
  }
  auto answer = reader->finish();
  if (answer) co_return answer;
  doubtful = true;
  auto error = errorFrom(std::move(answer).error(), "run a command in the sandbox");
  error.httpStatus = response->status;
  error.requestId = response->requestId;
  co_return std::unexpected(std::move(error));
}

Task<Answer> RunSession::ask(std::string text, Events events, Asking asking) {
  milliseconds pause(200);
  for (int number = 1;; ++number) {
    bool doubtful = false;
    auto attemptEvents = events ? events() : AnswerEvents();
    auto answer = co_await attempt(text, std::move(attemptEvents), asking, doubtful);
    if (answer) co_return answer;
    maybeBegun_ = maybeBegun_ || doubtful;
    const bool again = doubtful || (asking.persistent && answer.error().retryable());
    if (!again || isLimit(answer.error()) || number >= asking.attempts) co_return answer;
    auto slept = co_await account_->pause->sleep(pause);
    if (!slept) co_return std::unexpected(std::move(slept).error());
    pause = std::min(pause * 2, milliseconds(5000));
  }
}

Task<Start> RunSession::prepared(CommandSpec& command) {
  Start start;
  start.run = id_;
  start.patience = firstPatience;
  if (command.input) {
    const auto size = command.input->size();
    if (size && *size <= inputAtOnce) {
      auto bytes = co_await readWhole(*command.input, *size);
      if (!bytes) co_return std::unexpected(std::move(bytes).error());
      start.input = std::move(*bytes);
      start.inputFrom = InputFrom::request;
      command.input.reset();
    } else {
      start.inputFrom = InputFrom::pieces;
      start.patience = Patience();
    }
  }
  start.spent = spent_->take(instance_.id);
  co_return start;
}

Task<CommandEnd> RunSession::run(CommandSpec command) {
  if (auto fits = checkSize(command); !fits) co_return refuse(Errc::invalidArgument, fits.error().message);
  auto start = co_await prepared(command);
  if (!start) co_return std::unexpected(std::move(start).error());
  const auto cwd = command.cwd;
  auto text = startText(*start, command);
  auto input = std::move(command.input);
  *start = Start();
  command = CommandSpec();

  Events events = [this] { return output_.attempt(); };
  Asking asking;
  asking.deadline = call_.deadline;
  auto answer = co_await ask(std::move(text), events, asking);
  if (answer && answer->state == RunState::refused) co_return std::unexpected(refusal(*answer, cwd));
  if (answer && input) beginFeeding(std::move(input));
  if (answer) answer = co_await follow(std::move(*answer));
  over_ = true;
  feeding_.emit(asio::cancellation_type::terminal);
  if (answer) co_return co_await ended(std::move(*answer));
  if (isLimit(answer.error())) co_return co_await callOff(std::move(answer).error());
  co_return std::unexpected(failed(std::move(answer).error()));
}

/// Goes on from `answer` until the run has ended and all of its output is here.
Task<Answer> RunSession::follow(Answer answer) {
  maybeBegun_ = true;
  Events events = [this] { return output_.attempt(); };
  Asking asking;
  asking.attempts = 8;
  asking.persistent = true;
  asking.deadline = call_.deadline;
  int empty = 0;
  while (true) {
    output_.settle(answer);
    const bool news = answer.out.to > answer.out.from || answer.err.to > answer.err.from;
    empty = news ? 0 : empty + 1;
    auto patience = briefPatience;
    switch (answer.state) {
      case RunState::ended:
        if (output_.complete() || empty > mostEmpty) co_return answer;
        break;
      case RunState::claimed:
        if (empty > mostEmpty)
          co_return refuse(Errc::unavailable, "the sandbox does not get round to starting the command");
        break;
      case RunState::running:
        empty = 0;
        patience = furtherPatience;
        break;
      case RunState::lost:
        co_return refuse(
            Errc::unavailable,
            "what waited for the command in the sandbox was killed, or the sandbox stopped meanwhile");
      case RunState::unknown:
      case RunState::calledOff:
      case RunState::refused:
      case RunState::input:
        co_return refuse(Errc::unavailable,
                         "the sandbox has lost its notes about the command in " + id_.directory);
    }
    auto text = nextText(id_, output_.position(), patience);
    auto next = co_await ask(std::move(text), events, asking);
    if (!next) co_return next;
    answer = std::move(*next);
  }
}

Task<CommandEnd> RunSession::ended(Answer answer) {
  if (output_.kept() > mostKept) {
    Asking once;
    once.attempts = 1;
    once.deadline = steady_clock::now() + killPatience;
    bool doubtful = false;
    // Whether it succeeds does not matter: the sandbox sweeps in time.
    auto text = forgetText(id_);
    auto forgotten = co_await attempt(text, AnswerEvents(), once, doubtful);
    (void)forgotten;
  } else {
    spent_->add(instance_.id, id_.key);
  }
  if (inputError_) {
    Error error = outcomeUnknown(*inputError_);
    error.message = "the command was killed because its input could not be delivered: " +
                    inputError_->message;
    co_return std::unexpected(std::move(error));
  }
  if (answer.outputLost) {
    co_return refuse(
        Errc::outcomeUnknown,
        fmt::format("the command ended with {}, but the sandbox could not keep all of its output: is "
                    "its disk full?",
                    answer.exitCode));
  }
  CommandEnd end;
  end.exitCode = answer.exitCode;
  end.interrupted = answer.killed && answer.exitCode == 128 + SIGKILL;
  end.killConfirmed = end.interrupted && answer.groupDead;
  if (end.interrupted) end.signal = "SIGKILL";
  co_return end;
}

/// The caller has lost interest: kills it, and reports what is known of that.
Task<CommandEnd> RunSession::callOff(Error reason) {
  if (!maybeBegun_) co_return std::unexpected(std::move(reason));
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  Events events = [this] { return output_.attempt(); };
  Asking asking;
  asking.attempts = 3;
  asking.persistent = true;
  asking.deadline = steady_clock::now() + killPatience;
  CommandEnd end;
  end.exitCode = 128 + SIGKILL;
  end.signal = "SIGKILL";
  end.interrupted = true;
  auto text = killText(id_, output_.position());
  auto answer = co_await ask(std::move(text), events, asking);
  while (answer && answer->state == RunState::ended) {
    output_.settle(*answer);
    if (output_.complete()) co_return co_await ended(std::move(*answer));
    text = nextText(id_, output_.position(), briefPatience);
    auto more = co_await ask(std::move(text), events, asking);
    if (!more) co_return co_await ended(std::move(*answer));
    answer = std::move(more);
  }
  if (answer && answer->state == RunState::calledOff) {
    spent_->add(instance_.id, id_.key);
    co_return std::unexpected(std::move(reason));
  }
  // A sandbox that has stopped has no processes.
  end.killConfirmed = !answer &&
                      (answer.error().code == Errc::notRunning || answer.error().code == Errc::gone);
  co_return end;
}

Error RunSession::refusal(const Answer& answer, const std::string& cwd) const {
  const auto word = [&](std::size_t index) {
    return index < answer.words.size() ? answer.words[index] : std::string();
  };
  if (word(0) == "cwd") {
    const auto code = word(1) == "missing" ? Errc::notFound
                      : word(1) == "nodir" ? Errc::invalidArgument
                                           : Errc::permissionDenied;
    const auto why = word(1) == "missing" ? "does not exist"
                     : word(1) == "nodir" ? "is not a directory"
                                          : "may not be entered";
    return refuse(code, fmt::format("the working directory \"{}\" {} in the sandbox", cwd, why)).error();
  }
  if (word(0) == "tool") {
    return refuse(
               Errc::unsupported,
               fmt::format(
                   "the sandbox has no `{}`, which mooring needs to run commands; its image needs coreutils "
                   "and util-linux, or busybox",
                   word(1)))
        .error();
  }
  return refuse(Errc::quotaExceeded,
                fmt::format(
                    "the sandbox cannot make files in {}: is its disk full, or does the directory belong to "
                    "another user?",
                    id_.directory))
      .error();
}

Error RunSession::failed(Error error) const {
  if (!maybeBegun_) return error;
  if (error.code == Errc::outcomeUnknown) return error;
  auto unknown = outcomeUnknown(std::move(error));
  unknown.message = (output_.started() ? "the command ran, but its result was lost: "
                                       : "the command may have run: ") +
                    unknown.cause->message;
  return unknown;
}

}  // namespace mooring::daytona
