#include "toolbox/session.hpp"

#include <mooring/emulation/waiting.hpp>

#include "toolbox/errors.hpp"
#include "toolbox/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace {

constexpr std::size_t chunkSize = std::size_t{64} * 1024;
/// Small files of ours in the sandbox; they end with its processes.
constexpr const char* ownFiles = "/tmp/.daytona";

/// Where the shell's own output goes stays out of reach of commands that redirect theirs.
constexpr const char* shellScript = R"sh(
mkdir -p "${1%/*}" && echo $$ >"$1" || exit 1
exec 8>&1 9>&2
if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi
)sh";

constexpr const char* endScript = R"sh(
group=$(cat "$1" 2>/dev/null) || exit 0
rm -f "$1"
kill -s TERM -- "-$group" 2>/dev/null || exit 0
tries=0
while [ $tries -lt 250 ] && kill -s 0 -- "-$group" 2>/dev/null; do sleep 0.02; tries=$((tries + 1)); done
kill -s KILL -- "-$group" 2>/dev/null
exit 0
)sh";

CommandSpec script(const char* text, std::vector<std::string> arguments) {
  CommandSpec spec;
  spec.program = "/bin/sh";
  spec.args = {"-c", text, "sh"};
  spec.args.insert(spec.args.end(), arguments.begin(), arguments.end());
  return spec;
}

/// Runs a small script of ours that must succeed.
Task<void> runOwn(DaemonPtr daemon, CommandSpec spec) {
  auto output = co_await daemon->machine().runCaptured(std::move(spec));
  if (!output) co_return std::unexpected(std::move(output).error());
  if (output->end.exitCode != 0) co_return refusal(500, "INTERNAL_SERVER_ERROR", output->err);
  co_return Result<void>();
}

}  // namespace

Session::Session(DaemonPtr daemon, std::string id)
    : daemon_(std::move(daemon)), id_(std::move(id)), changed_(daemon_->loop()) {}

std::string Session::pidFile() const { return fmt::format("{}/{}.pid", ownFiles, process_); }

std::string Session::inputPipe(const SessionCommand& command) const {
  return fmt::format("{}/{}.input", ownFiles, command.id);
}

Task<std::shared_ptr<Session>> Session::open(DaemonPtr daemon, std::string id) {
  const std::shared_ptr<Session> session(new Session(daemon, std::move(id)));
  session->process_ = daemon->ids().uuid();
  std::vector<std::string> arguments;
  arguments.push_back(session->pidFile());
  auto spec = script(shellScript, std::move(arguments));
  spec.cwd = daemon->home();
  spec.env = daemon->environment();
  auto started = co_await daemon->machine().launch(std::move(spec), session->process_);
  if (!started) co_return std::unexpected(std::move(started).error());
  for (const auto stream : {Stream::out, Stream::err}) {
    boost::asio::co_spawn(daemon->loop(), watch(session, stream), boost::asio::detached);
  }
  co_return session;
}

boost::asio::awaitable<void> Session::watch(std::shared_ptr<Session> self, Stream stream) {
  std::uint64_t offset = 0;
  while (true) {
    auto chunk = co_await self->daemon_->machine().output(self->process_, stream, offset, chunkSize, true);
    if (!chunk) break;
    offset = chunk->nextOffset;
    self->take(stream, chunk->bytes);
    if (chunk->ended) break;
  }
  self->ended_ = true;
  self->changed_.notify();
}

void Session::take(Stream stream, std::string_view bytes) {
  auto& cutter = stream == Stream::out ? outCutter_ : errCutter_;
  auto& ended = stream == Stream::out ? outEnded_ : errEnded_;
  cutter.push(bytes);
  while (!commands_.empty()) {
    // What is printed between commands comes from what the last one left behind.
    const auto& command = commands_[std::min(ended, commands_.size() - 1)];
    auto piece = cutter.next(command->id);
    if (!piece) break;
    command->log.add(stream, piece->bytes);
    if (!piece->exitCode) continue;
    command->log.close(stream);
    ++ended;
    const auto index = ended - 1;
    if (index < std::min(outEnded_, errEnded_)) command->exitCode = piece->exitCode;
  }
  changed_.notify();
}

SessionCommandPtr Session::find(std::string_view commandId) const {
  const auto found = std::ranges::find(commands_, commandId, &SessionCommand::id);
  return found == commands_.end() ? nullptr : *found;
}

Task<void> Session::feed(std::shared_ptr<Session> self, SessionCommandPtr command) {
  // One at a time, so that they run in the order in which they are listed.
  while (self->feeding_) {
    auto woken = co_await self->changed_.wait();
    if (!woken) co_return woken;
  }
  if (self->ended_)
    co_return refusal(410, "SESSION_ENDED", "the shell of session " + self->id_ + " has ended");
  self->feeding_ = true;
  Result<void> fed;
  if (command->async) {
    std::vector<std::string> arguments;
    arguments.push_back(self->inputPipe(*command));
    fed = co_await runOwn(self->daemon_, script("mkfifo \"$1\"", std::move(arguments)));
  }
  if (fed) {
    // Open for writing, too, a pipe has no end before its reader does.
    const auto from = command->async ? "0<>" + self->inputPipe(*command) : std::string("</dev/null");
    // The code is printed on both streams, so that each says which command has ended.
    auto line = fmt::format("{{ eval {}\n}} {} >&8 2>&9 8>&- 9>&-; set -- \"$?\" \"$@\"; {}; {}; shift\n",
                            shellQuoted(command->text),
                            from,
                            markStatement(command->id, "\"$1\"", 8),
                            markStatement(command->id, "\"$1\"", 9));
    self->commands_.push_back(command);
    self->daemon_->ledger().ran(self->daemon_->sandboxId(), emulation::digestOf(command->text));
    fed = co_await self->daemon_->machine().input(self->process_, std::move(line), false);
  }
  self->feeding_ = false;
  self->changed_.notify();
  if (!fed && fed.error().code == Errc::conflict)
    co_return refusal(410, "SESSION_ENDED", "the shell of session " + self->id_ + " has ended");
  co_return fed;
}

Task<SessionCommandPtr> Session::execute(std::string text, bool async, bool echoesInput) {
  auto command = std::make_shared<SessionCommand>();
  command->id = daemon_->ids().uuid();
  command->text = std::move(text);
  command->async = async;
  command->echoesInput = echoesInput;
  auto fed = co_await emulation::steadily<void>(feed(shared_from_this(), command));
  if (!fed) co_return std::unexpected(std::move(fed).error());
  co_return command;
}

Task<void> Session::type(SessionCommandPtr command, std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  if (command->echoesInput) command->log.add(Stream::out, text);
  std::vector<std::string> arguments;
  arguments.push_back(inputPipe(*command));
  auto spec = script("cat >\"$1\"", std::move(arguments));
  spec.input = sourceOf(std::move(text));
  changed_.notify();
  co_return co_await emulation::steadily<void>(runOwn(daemon_, std::move(spec)));
}

Task<void> Session::end() {
  removed_ = true;
  std::vector<std::string> arguments;
  arguments.push_back(pidFile());
  auto done = co_await emulation::steadily<void>(runOwn(daemon_, script(endScript, std::move(arguments))));
  changed_.notify();
  co_return done;
}

void Session::forget() {
  removed_ = true;
  ended_ = true;
  changed_.notify();
}

}  // namespace mooring::daytona::emulator
