#include "run_session.hpp"

#include "errors.hpp"
#include "waiting.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <csignal>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mooring::local {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds killPatience(5);
constexpr std::size_t inputChunk = 65536;
/// A command that prints without pause must not keep the loop from everything else.
constexpr int readsInARow = 16;

}  // namespace

RunSession::RunSession(
    SitePtr site, ConnectionPtr connection, RunObserver& observer, std::string program, std::string cwd)
    : site_(std::move(site)),
      connection_(std::move(connection)),
      observer_(&observer),
      program_(std::move(program)),
      cwd_(std::move(cwd)),
      patience_(site_->context.loop) {}

Result<std::vector<Descriptor>> RunSession::open(bool withInput) {
  std::vector<Descriptor> theirs;
  if (withInput) {
    auto in = makePipe(OurEnd::write);
    if (!in) return std::unexpected(std::move(in).error());
    in_.emplace(site_->context.loop, in->write.release());
    theirs.push_back(std::move(in->read));
  }
  for (auto* ours : {&out_, &err_}) {
    auto pipe = makePipe(OurEnd::read);
    if (!pipe) return std::unexpected(std::move(pipe).error());
    ours->emplace(site_->context.loop, pipe->read.release());
    theirs.push_back(std::move(pipe->write));
  }
  return theirs;
}

void RunSession::watch(std::shared_ptr<ByteSource> input,
                       std::move_only_function<void(Result<CommandEnd>)> done) {
  input_ = std::move(input);
  done_ = std::move(done);
  watchConnection();
}

/// Not before: what it prints may be here earlier than the word that it has started.
void RunSession::onStarted() {
  started_ = true;
  observer_->onStarted();
  watchPipe(*out_, Stream::out);
  watchPipe(*err_, Stream::err);
  if (input_) feed(std::move(input_));
}

void RunSession::drain(Pipe& pipe, Stream stream) {
  auto& buffer = site_->scratch;
  for (int i = 0; i < readsInARow; ++i) {
    const ssize_t size = ::read(pipe.native_handle(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    if (size == 0) return pipe.close();
    observer_->onOutput(stream, std::span(buffer.data(), static_cast<std::size_t>(size)));
  }
}

void RunSession::watchPipe(Pipe& pipe, Stream stream) {
  pipe.async_wait(Pipe::wait_read, [self = shared_from_this(), &pipe, stream](boost::system::error_code ec) {
    if (ec || !self->done_ || !pipe.is_open()) return;
    self->drain(pipe, stream);
    if (pipe.is_open()) self->watchPipe(pipe, stream);
  });
}

void RunSession::watchConnection() {
  const auto onReadable = [self = shared_from_this()](boost::system::error_code ec) {
    if (ec || !self->done_) return;
    while (self->done_) {
      auto reply = self->connection_->poll();
      if (!reply) return self->onLost(std::move(reply).error());
      if (!*reply) return self->watchConnection();
      if (!self->onReply(**reply)) return self->onLost(unreadableAnswer().error());
    }
  };
  connection_->socket().async_wait(Pipe::wait_read, onReadable);
}

bool RunSession::onReply(const Reply& reply) {
  protocol::Decoder fields(reply.fields);
  switch (reply.kind) {
    case protocol::Say::started:
      if (started_) return false;
      onStarted();
      return true;
    case protocol::Say::ended: {
      const auto ended = protocol::Ended::decode(fields);
      if (!fields.complete() || !started_) return false;
      onEnded(ended);
      return true;
    }
    case protocol::Say::failed:
    case protocol::Say::shuttingDown:
      onRefused(reply);
      return true;
    case protocol::Say::done:
    case protocol::Say::entries:
      return false;
  }
  return false;
}

void RunSession::onRefused(const Reply& reply) {
  if (auto known = checked(Reply{reply.kind, reply.fields, {}}); !known)
    return finish(std::unexpected(known.error()));
  const int error = errnoOf(reply);
  switch (failureOf(reply)) {
    case protocol::Failure::program: {
      // A shell would say so too: a result, not an error.
      observer_->onStarted();
      const std::string text = protocol::execFailureText(program_, error);
      observer_->onOutput(Stream::err, asBytes(text));
      CommandEnd end;
      end.exitCode = static_cast<int>(protocol::execFailureCode(error));
      return finish(std::move(end));
    }
    case protocol::Failure::directory:
      return finish(fileFailure(error == ENOTDIR ? EINVAL : error, "enter the working directory", cwd_));
    case protocol::Failure::process:
      return finish(systemFailure(error, "the sandbox cannot start another process"));
    case protocol::Failure::request:
    case protocol::Failure::version:
    case protocol::Failure::exists:
      break;
  }
  finish(unreadableAnswer());
}

void RunSession::onEnded(const protocol::Ended& ended) {
  CommandEnd end;
  end.exitCode = static_cast<int>(ended.exitCode);
  end.signal = signalName(static_cast<int>(ended.signal));
  end.interrupted = interrupted_ && ended.asked;
  end.killConfirmed = end.interrupted && ended.groupDead;
  if (out_->is_open()) readRest(*out_, Stream::out);
  if (err_->is_open()) readRest(*err_, Stream::err);
  finish(std::move(end));
}

/// What it wrote before its end is in the pipe by now. A process it left in the background may hold that open
/// for ever, or fill it faster than it is read, so neither its end nor its being empty is waited for.
void RunSession::readRest(Pipe& pipe, Stream stream) {
  int rest = 0;
  if (::ioctl(pipe.native_handle(), FIONREAD, &rest) != 0) return;
  auto& buffer = site_->scratch;
  auto left = static_cast<std::size_t>(rest);
  while (left > 0) {
    const ssize_t size = ::read(pipe.native_handle(), buffer.data(), std::min(left, buffer.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    left -= static_cast<std::size_t>(size);
    observer_->onOutput(stream, std::span(buffer.data(), static_cast<std::size_t>(size)));
  }
}

void RunSession::onLost(Error error) {
  if (error.code == Errc::corrupted) return finish(std::unexpected(std::move(error)));
  Error unknown = makeError(Errc::outcomeUnknown,
                            started_
                                ? "the sandbox ended while the command ran, so its result is not known"
                                : "the sandbox ended before it confirmed the command, which may have run");
  unknown.provider = "local";
  unknown.cause = std::make_shared<const Error>(std::move(error));
  finish(std::unexpected(std::move(unknown)));
}

void RunSession::interrupt() {
  if (!done_ || interrupted_) return;
  interrupted_ = true;
  connection_->queue(protocol::Encoder(protocol::Ask::endRun).take());
  sendQueued();
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

void RunSession::sendQueued() {
  const auto sent = connection_->trySend();
  if (!sent || *sent) return;  // A broken connection is seen by reading it.
  connection_->socket().async_wait(Pipe::wait_write,
                                   [self = shared_from_this()](boost::system::error_code ec) {
                                     if (!ec && self->done_) self->sendQueued();
                                   });
}

void RunSession::finish(Result<CommandEnd> result) {
  if (!done_) return;
  if (inputError_ && result && result->interrupted) {
    Error error = makeError(Errc::outcomeUnknown,
                            "the command was killed because its input could not be read");
    error.provider = "local";
    error.cause = inputError_;
    result = std::unexpected(std::move(error));
  }
  auto done = std::exchange(done_, nullptr);
  patience_.cancel();
  feeding_.emit(asio::cancellation_type::terminal);
  for (auto* pipe : {&in_, &out_, &err_}) {
    if (*pipe) (*pipe)->close();
  }
  connection_->socket().close();
  done(std::move(result));
}

void RunSession::feed(std::shared_ptr<ByteSource> input) {
  // Not waited for at the end: a source may never give what it was asked for, and the command has ended
  // nevertheless.
  asio::co_spawn(site_->context.loop,
                 feedFrom(shared_from_this(), std::move(input)),
                 asio::bind_cancellation_slot(feeding_.slot(), asio::detached));
}

asio::awaitable<void> RunSession::feedFrom(std::shared_ptr<RunSession> self,
                                           std::shared_ptr<ByteSource> input) {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::vector<std::byte> buffer(inputChunk);
  while (self->done_) {
    auto size = co_await input->read(std::span(buffer));
    if (!self->done_) break;
    if (!size) {
      // Half an input must not look like a whole one.
      self->inputError_ = std::make_shared<const Error>(std::move(size).error());
      self->interrupt();
      break;
    }
    if (*size == 0) break;
    std::span<const std::byte> rest(buffer.data(), *size);
    while (!rest.empty() && self->done_ && self->in_->is_open()) {
      const ssize_t written = writeQuietly(self->in_->native_handle(), rest);
      if (written > 0) {
        rest = rest.subspan(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {
        auto ready = co_await awaitReady(*self->in_, Readiness::write);
        if (!ready) break;
      } else {
        rest = {};  // It does not read its input: its own affair.
        self->in_->close();
      }
    }
    if (!rest.empty() || !self->in_->is_open()) break;
  }
  if (self->in_->is_open()) self->in_->close();
}

}  // namespace mooring::local
