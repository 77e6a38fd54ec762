#include "execution.hpp"

#include <mooring/http/interruptible.hpp>

#include "control.hpp"
#include "errors.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <csignal>

namespace asio = boost::asio;

namespace mooring::vercel {

using std::chrono::seconds;

namespace {

/// For the kill to be confirmed.
constexpr seconds killPatience(10);
/// Without a byte for so long a stream may be dead without anybody having said so; the edge cuts them after
/// five minutes or so anyway.
constexpr seconds silenceLimit(240);
constexpr std::size_t streamBuffer = std::size_t{64} * 1024;
constexpr int mostFailures = 5;

void makeStreaming(http::Request& request) {
  request.timeouts.total = {};
  request.timeouts.silence = silenceLimit;
  request.buffer = streamBuffer;
}

bool endedBySandbox(const Error& error) { return error.code == Errc::notRunning || error.code == Errc::gone; }

}  // namespace

class Execution::Sink final : public ByteSink {
 public:
  explicit Sink(std::shared_ptr<Execution> execution) : execution_(std::move(execution)) {}
  Task<void> write(std::span<const std::byte> bytes) override { co_return execution_->take(asText(bytes)); }

 private:
  std::shared_ptr<Execution> execution_;
};

Execution::Execution(
    AccountPtr account, Instance instance, Wrapped wrapped, std::string cwd, RunObserver& observer)
    : account_(std::move(account)),
      instance_(std::move(instance)),
      wrapped_(std::move(wrapped)),
      cwd_(std::move(cwd)),
      observer_(&observer),
      out_(wrapped_.mark),
      err_(wrapped_.mark),
      patience_(account_->context.loop) {}

void Execution::start(CallOptions call, std::move_only_function<void(Result<CommandEnd>)> done) {
  done_ = std::move(done);
  call.deadline.reset();  // Passing it kills the command, which needs the stream to be confirmed.
  asio::co_spawn(account_->context.loop,
                 drive(shared_from_this(), std::move(call)),
                 asio::bind_cancellation_slot(driving_.slot(), http::keeping(shared_from_this())));
}

asio::awaitable<void> Execution::drive(std::shared_ptr<Execution> self, CallOptions call) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto end = co_await self->toItsEnd(std::move(call));
  self->finish(std::move(end));
}

Task<CommandEnd> Execution::toItsEnd(CallOptions call) {
  auto sent = co_await sendCommand(std::move(call));
  if (!exitCode_) {
    const bool unclear = sent || begun_ || http::mayHaveHappened(sent.error()) ||
                         sent.error().code == Errc::corrupted;
    if (!unclear) co_return std::unexpected(std::move(sent).error());
    auto reason = sent ? makeError(Errc::unavailable, "the stream of the command ended before the command")
                       : std::move(sent).error();
    if (givenUp_) reason.message += " (" + givenUp_->code + ": " + givenUp_->message + ")";
    auto followed = co_await followAgain(std::move(reason));
    if (!followed) co_return std::unexpected(std::move(followed).error());
  }
  co_return end();
}

Task<void> Execution::sendCommand(CallOptions call) {
  auto body = wrapped_.body;
  body["wait"] = true;
  body["logs"] = true;
  auto request = jsonRequest(http::Method::post, "/cmd", body, call);
  request.idempotency = call.idempotent ? http::Idempotency::safe : http::Idempotency::unsafe;
  makeStreaming(request);
  request.sink = http::whenOk(std::make_shared<Sink>(shared_from_this()));
  auto response = co_await callSession(account_, instance_, std::move(request), "run a command", call);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) {
    auto error = errorFrom(*account_, *response, "run a command");
    if (complaintOf(*response).code == "executable_not_found") {
      error.code = Errc::unsupported;
      error.message = "the sandbox's image has no /bin/sh, which mooring needs to run commands";
    }
    co_return std::unexpected(std::move(error));
  }
  stream_.finish();
  co_return drain();
}

Task<void> Execution::followAgain(Error reason) {
  int failures = 0;
  for (int looks = 0; failures <= mostFailures; ++looks) {
    if (looks > 0) {
      auto waited = co_await waitBeforeLook(account_, looks);
      if (!waited) co_return std::unexpected(std::move(waited).error());
    }
    auto step = co_await lookAgain();
    if (step && exitCode_) co_return Result<void>();
    if (step) {
      failures = 0;  // It runs, however often its streams break.
      continue;
    }
    if (step.error().code == Errc::cancelled) co_return step;
    if (endedBySandbox(step.error())) {
      auto ended = std::move(step).error();
      ended.message = "the sandbox ended while the command ran: " + ended.message;
      co_return std::unexpected(outcomeUnknown(std::move(ended)));
    }
    if (step.error().code == Errc::outcomeUnknown) break;
    ++failures;
  }
  co_return std::unexpected(outcomeUnknown(std::move(reason)));
}

Task<void> Execution::lookAgain() {
  if (id_.empty()) {
    auto found = co_await findInSession();
    if (!found) co_return std::unexpected(std::move(found).error());
    if (!*found) co_return refuse(Errc::outcomeUnknown, "the session knows of no such command");
    noteStart(std::move((*found)->id));
  }
  Result<void> read;
  if (!allRead()) read = co_await readLog();
  if (!read && (endedBySandbox(read.error()) || read.error().code == Errc::cancelled)) co_return read;
  // Asked after the log's end: what it printed before its end is in the log by then.
  auto asked = co_await askForEnd();
  if (!asked || read || !exitCode_) co_return asked;
  exitCode_.reset();  // Only with all of its output.
  co_return read;
}

Task<std::optional<CommandView>> Execution::findInSession() {
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::get, "/cmd", unlimited);
  auto response = co_await callSession(
      account_, instance_, std::move(request), "look for the command", unlimited);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, "look for the command"));
  auto list = http::decode<CommandList>(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "look for the command"));
  for (auto& command : list->commands) {
    if (std::ranges::find(command.args, wrapped_.mark) != command.args.end())
      co_return std::optional<CommandView>(std::move(command));
  }
  co_return std::optional<CommandView>();
}

Task<void> Execution::readLog() {
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::get, "/cmd/" + id_ + "/logs", unlimited);
  makeStreaming(request);
  request.sink = http::whenOk(std::make_shared<Sink>(shared_from_this()));
  stream_ = CommandStream();
  givenUp_.reset();
  out_.restart();
  err_.restart();
  auto response = co_await callSession(
      account_, instance_, std::move(request), "read the command's log", unlimited);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, "read the command's log"));
  stream_.finish();
  auto drained = drain();
  if (drained && givenUp_) co_return refuse(Errc::unavailable, "the log broke off: " + givenUp_->message);
  co_return drained;
}

Task<void> Execution::askForEnd() {
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::get, "/cmd/" + id_, unlimited);
  auto response = co_await callSession(
      account_, instance_, std::move(request), "look at the command", unlimited);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, "look at the command"));
  auto reply = http::decode<CommandReply>(*response);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), "look at the command"));
  exitCode_ = reply->command.exitCode;
  co_return Result<void>();
}

Result<void> Execution::take(std::string_view bytes) {
  begun_ = true;
  stream_.push(bytes);
  return drain();
}

Result<void> Execution::drain() {
  for (;;) {
    auto event = stream_.next();
    if (!event) return std::unexpected(errorFrom(std::move(event).error(), "read the command's stream"));
    if (!*event) return {};
    std::visit([this](auto each) { apply(std::move(each)); }, std::move(**event));
  }
}

void Execution::apply(CommandView command) {
  exitCode_ = command.exitCode;
  noteStart(std::move(command.id));
}

void Execution::noteStart(std::string id) {
  if (!id_.empty() || !done_) return;
  id_ = std::move(id);
  observer_->onStarted();
  if (interrupted_) asio::co_spawn(account_->context.loop, kill(shared_from_this()), asio::detached);
}

void Execution::apply(LogText log) {
  auto& decoder = log.stream == Stream::out ? out_ : err_;
  const auto bytes = decoder.push(log.text);
  if (!bytes.empty() && done_) observer_->onOutput(log.stream, asBytes(bytes));
}

void Execution::apply(StreamError error) { givenUp_ = std::move(error); }

Result<CommandEnd> Execution::end() const {
  const int code = exitCode_.value_or(-1);
  if (!allRead()) {
    if (code == wrapperFailed && err_.said(word::cwd))
      return refuse(Errc::notFound, "the working directory \"" + cwd_ + "\" does not exist in the sandbox");
    const auto said = err_.words().empty() ? std::string() : ": " + err_.words().front();
    if (code == wrapperFailed && err_.said(word::tool))
      return refuse(Errc::unsupported, "the sandbox's image lacks a program that commands need" + said);
    if (code == wrapperFailed && err_.said(word::scratch))
      return refuse(Errc::unavailable, "the sandbox's /tmp cannot be written, which commands need");
    // From 128 on somebody killed the wrapper itself: that is how the command ended, as far as can be known.
    if (code <= 128) {
      return refuse(
          Errc::outcomeUnknown,
          "the command ended with " + std::to_string(code) + ", but its output is not complete" + said);
    }
  }
  CommandEnd out;
  out.exitCode = code;
  // SIGTERM ends a wrapper only before it has begun: nothing was started then.
  const bool never = !allRead() && code == 128 + SIGTERM;
  out.interrupted = interrupted_ && (code == 128 + SIGKILL || never);
  out.killConfirmed = out.interrupted && (never || err_.said(word::killed));
  if (out.interrupted) out.signal = "SIGKILL";
  return out;
}

void Execution::interrupt() {
  if (!done_ || interrupted_) return;
  interrupted_ = true;
  auto ending = id_.empty() ? seekAndKill(shared_from_this()) : kill(shared_from_this());
  asio::co_spawn(account_->context.loop, std::move(ending), asio::detached);
  patience_.expires_after(killPatience);
  patience_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (ec || !self->done_) return;
    CommandEnd end;
    end.exitCode = 128 + SIGKILL;
    end.signal = "SIGKILL";
    end.interrupted = true;
    self->finish(std::move(end));
  });
}

asio::awaitable<void> Execution::kill(std::shared_ptr<Execution> self) {
  const CallOptions unlimited;
  boost::json::object body;
  body["signal"] = SIGTERM;  // The wrapper's word for "kill the whole group, and say so".
  auto request = jsonRequest(http::Method::post, "/cmd/" + self->id_ + "/kill", body, unlimited);
  request.idempotency = http::Idempotency::safe;
  // A kill that does not arrive shows as one that is not confirmed.
  co_await callSession(self->account_, self->instance_, std::move(request), "kill the command", unlimited);
}

asio::awaitable<void> Execution::seekAndKill(std::shared_ptr<Execution> self) {
  for (int looks = 0; self->done_ && self->id_.empty(); ++looks) {
    auto found = co_await self->findInSession();
    if (found && *found) co_return self->noteStart(std::move((*found)->id));
    auto waited = co_await waitBeforeLook(self->account_, looks);
    if (!waited) co_return;
  }
}

void Execution::finish(Result<CommandEnd> result) {
  if (!done_) return;
  auto done = std::exchange(done_, nullptr);
  patience_.cancel();
  // Ends a stream that patience has given up; for an execution that ended by itself there is nothing to end.
  if (!exitCode_) driving_.emit(asio::cancellation_type::terminal);
  done(std::move(result));
}

}  // namespace mooring::vercel
