#include "exec/execution.hpp"

#include <mooring/http/interruptible.hpp>
#include <mooring/http/url.hpp>

#include "control.hpp"
#include "errors.hpp"
#include "exec/frames.hpp"
#include "sockets.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <csignal>
#include <vector>

namespace asio = boost::asio;

namespace mooring::sprites {

using std::chrono::seconds;

namespace {

/// For the kill to be confirmed.
constexpr seconds killPatience(10);
constexpr seconds sessionPatience(30);
constexpr int mostApproaches = 4;
constexpr std::size_t inputPiece = std::size_t{64} * 1024;
constexpr const char* running = "run a command";

CommandEnd killedUnconfirmed() {
  CommandEnd end;
  end.exitCode = 128 + SIGKILL;
  end.signal = "SIGKILL";
  end.interrupted = true;
  return end;
}

}  // namespace

Execution::Execution(
    AccountPtr account, Instance instance, CommandSpec command, AtRest atRest, RunObserver& observer)
    : account_(std::move(account)),
      instance_(std::move(instance)),
      command_(std::move(command)),
      atRest_(atRest),
      observer_(&observer),
      output_(std::string()),
      patience_(account_->context.loop) {}

void Execution::start(CallOptions call, std::move_only_function<void(Result<CommandEnd>)> done) {
  done_ = std::move(done);
  asio::co_spawn(account_->context.loop,
                 drive(shared_from_this(), std::move(call)),
                 asio::bind_cancellation_slot(driving_.slot(), http::keeping(shared_from_this())));
}

asio::awaitable<void> Execution::drive(std::shared_ptr<Execution> self, CallOptions call) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto end = co_await self->toItsEnd(std::move(call));
  self->over_ = true;
  self->finish(std::move(end));
}

Task<CommandEnd> Execution::toItsEnd(CallOptions call) {
  auto gated = gate(command_, account_->context.ids->uuid(), atRest_);
  if (!gated) co_return std::unexpected(std::move(gated).error());
  gated_ = std::move(*gated);
  output_ = GateOutput(gated_.mark);
  auto passed = co_await passGate(std::move(call));
  if (!passed) co_return std::unexpected(std::move(passed).error());
  asio::co_spawn(account_->context.loop,
                 feed(shared_from_this()),
                 asio::bind_cancellation_slot(feeding_.slot(), http::keeping(shared_from_this())));
  auto end = co_await readOn();
  // A kill that was asked for on another connection; nobody can confirm it on this one any more.
  if (!end && interrupted_) co_return killedUnconfirmed();
  co_return end;
}

Task<void> Execution::passGate(CallOptions call) {
  for (int looks = 0;; ++looks) {
    auto ready = co_await approach(call);
    if (interrupted_)
      co_return refuse(Errc::cancelled, "the call was cancelled before the command was started");
    if (ready) break;
    // Opening has been tried often enough; what broke right after it is worth another socket.
    if (!socket_ || ready.error().code != Errc::unavailable || looks + 1 >= mostApproaches)
      co_return std::unexpected(errorFrom(std::move(ready).error(), running));
    auto waited = co_await waitBeforeLook(account_, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  begun_ = true;
  auto begun = co_await socket_->write(frame(frame_kind::input, go));
  if (!begun) co_return std::unexpected(outcomeUnknown(errorFrom(std::move(begun).error(), running)));
  co_return Result<void>();
}

Task<void> Execution::approach(CallOptions call) {
  socket_.reset();
  auto socket = co_await openSocket(account_, instance_, "/exec" + gateQuery(), running, std::move(call));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  socket_ = std::move(*socket);
  session_.clear();
  while (session_.empty()) {
    auto message = co_await readWithin(socket_, sessionPatience);
    if (!message) co_return std::unexpected(std::move(message).error());
    if (!*message) co_return refuse(Errc::unavailable, "the connection was closed before the command began");
    const auto& got = **message;
    if (got.text) {
      auto text = readAnnouncement(got);
      if (text.type == "session_info") session_ = std::move(text.sessionId);
    } else if (got.data.starts_with(frame_kind::exit)) {
      co_return refuse(Errc::unsupported, "the sprite could not run sh, which mooring needs to run commands");
    }
  }
  co_return co_await socket_->write(frame(frame_kind::input, gated_.header));
}

Task<CommandEnd> Execution::readOn() {
  for (;;) {
    auto message = co_await socket_->read();
    if (!message || !*message) {
      auto reason = message
                        ? makeError(Errc::unavailable, "the connection was closed before the command ended")
                        : std::move(message).error();
      co_return std::unexpected(outcomeUnknown(errorFrom(std::move(reason), running)));
    }
    auto end = take(**message);
    if (!end) co_return std::unexpected(std::move(end).error());
    if (*end) co_return std::move(**end);
  }
}

Result<std::optional<CommandEnd>> Execution::take(const http::Message& message) {
  std::optional<CommandEnd> notYet;
  // Texts announce what binary messages say reliably, or what nobody asked for.
  if (message.text || message.data.empty()) return notYet;
  const std::string_view payload = std::string_view(message.data).substr(1);
  switch (message.data.front()) {
    case frame_kind::output:
    case frame_kind::errors: {
      const auto stream = message.data.front() == frame_kind::output ? Stream::out : Stream::err;
      const auto bytes = output_.push(stream, payload);
      if (!started_ && output_.word()) {
        if (*output_.word() != word::started) return refusalOf(*output_.word());
        started_ = true;
        if (done_) observer_->onStarted();
      }
      if (!bytes.empty() && done_) observer_->onOutput(stream, asBytes(bytes));
      break;
    }
    case frame_kind::exit:
      if (payload.empty())
        return refuse(Errc::outcomeUnknown, "Sprites ended the command without its exit code");
      if (!output_.end()) {
        auto end = endWithoutWord(static_cast<unsigned char>(payload.front()));
        if (!end) return std::unexpected(std::move(end).error());
        return std::optional<CommandEnd>(std::move(*end));
      }
      break;
    default:
      return refuse(Errc::outcomeUnknown, "Sprites sent a message of a kind that mooring does not know");
  }
  const auto end = output_.end();
  if (!end) return notYet;
  CommandEnd out;
  out.exitCode = end->exitCode;
  out.interrupted = interrupted_ && end->killed;
  out.killConfirmed = out.interrupted && end->confirmed;
  if (end->killed) out.signal = "SIGKILL";
  return std::optional<CommandEnd>(std::move(out));
}

Result<std::optional<CommandEnd>> Execution::refusalOf(const std::string& said) const {
  if (said == word::stopped) return refuse(Errc::notRunning, "sprite " + nameOf(instance_) + " is stopped");
  if (said == word::nowhere)
    return refuse(Errc::notFound,
                  "the working directory \"" + command_.cwd + "\" does not exist in the sandbox");
  if (said.starts_with(word::lacks))
    return refuse(Errc::unsupported, "the sprite " + said + ", which commands need");
  return refuse(Errc::outcomeUnknown, "the sprite's output does not begin as it should");
}

Result<CommandEnd> Execution::endWithoutWord(int exitCode) const {
  // SIGTERM ends a gate only before it has begun: nothing was started then.
  if (!started_ && interrupted_ && exitCode == 128 + SIGTERM) {
    auto out = killedUnconfirmed();
    out.killConfirmed = true;
    return out;
  }
  // Somebody killed the gate itself: that is how the command ended, as far as can be known.
  if (exitCode > 128 && started_) {
    CommandEnd out;
    out.exitCode = exitCode;
    out.interrupted = interrupted_;
    return out;
  }
  return refuse(Errc::outcomeUnknown,
                "the command ended with " + std::to_string(exitCode) + ", but its output is not complete");
}

asio::awaitable<void> Execution::feed(std::shared_ptr<Execution> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto source = self->command_.input;
  const auto socket = self->socket_;
  std::vector<std::byte> buffer(source ? inputPiece : 0);
  while (source) {
    auto count = co_await source->read(buffer);
    if (!self->done_) co_return;
    if (!count) {
      self->inputFailed_ = std::move(count).error();
      self->killNow();
      co_return;
    }
    if (*count == 0) break;
    auto piece = frame(frame_kind::input, asText(std::span(buffer).first(*count)));
    auto sent = co_await socket->write(std::move(piece));
    if (!sent) co_return;  // Whoever reads learns why.
  }
  auto last = frame(frame_kind::inputEnd, std::string_view());
  co_await socket->write(std::move(last));
}

void Execution::interrupt() {
  if (!done_ || interrupted_) return;
  interrupted_ = true;
  if (!begun_) {
    driving_.emit(asio::cancellation_type::terminal);
    return;
  }
  killNow();
}

void Execution::killNow() {
  asio::co_spawn(account_->context.loop, kill(shared_from_this()), asio::detached);
  patience_.expires_after(killPatience);
  patience_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec) self->finish(killedUnconfirmed());
  });
}

asio::awaitable<void> Execution::kill(std::shared_ptr<Execution> self) {
  // The gate's word for "kill the whole group, and say so". One that does not arrive shows as a kill that is
  // not confirmed.
  co_await killSession(self->account_, self->instance_, self->session_);
}

void Execution::finish(Result<CommandEnd> result) {
  if (!done_) return;
  auto done = std::exchange(done_, nullptr);
  patience_.cancel();
  feeding_.emit(asio::cancellation_type::terminal);
  // The server would keep it open for seconds.
  if (socket_) socket_->close();
  // What patience has given up.
  if (!over_) driving_.emit(asio::cancellation_type::terminal);
  if (inputFailed_) result = std::unexpected(std::move(*inputFailed_));
  done(std::move(result));
}

Task<void> killSession(AccountPtr account, Instance instance, std::string id) {
  const auto what = "kill session " + id;
  const CallOptions unlimited;
  const auto target = "/exec/" + http::escape(id) + "/kill?signal=SIGTERM&timeout=10s";
  auto request = apiRequest(http::Method::post, target, unlimited);
  request.idempotency = http::Idempotency::safe;
  auto response = co_await callSprite(account, std::move(instance), std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  // 404 and 410: it has ended.
  if (response->ok() || response->status == 404 || response->status == 410) co_return Result<void>();
  co_return std::unexpected(errorFrom(*account, *response, what));
}

Task<CommandEnd> execute(AccountPtr account,
                         Instance instance,
                         CommandSpec command,
                         AtRest atRest,
                         RunObserver& observer,
                         CallOptions call) {
  auto execution = std::make_shared<Execution>(
      std::move(account), std::move(instance), std::move(command), atRest, observer);
  co_return co_await http::endOf<CommandEnd>(std::move(execution), std::move(call));
}

}  // namespace mooring::sprites
