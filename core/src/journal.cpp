#include "journal.hpp"

#include "core.hpp"
#include "journal_scripts.hpp"

#include <algorithm>
#include <charconv>

namespace mooring::detail {
namespace {

namespace scripts = journal_scripts;

/// Keeps what a script prints; the scripts print little, output() at most what was asked for.
class Collected final : public RunObserver {
 public:
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::out ? out : err) += asText(bytes);
  }
  std::string out;
  std::string err;
};

struct Answer {
  int exitCode = 0;
  std::string out = {};
  std::string err = {};
};

Task<Answer> runScript(std::shared_ptr<Provider> provider,
                       Instance instance,
                       std::string_view script,
                       std::vector<std::string> args,
                       std::map<std::string, std::string> env,
                       std::shared_ptr<ByteSource> input,
                       CallOptions call) {
  CommandSpec spec;
  spec.program = "sh";
  spec.args = {"-c", std::string(scripts::place) + std::string(script), "sh"};
  for (auto& arg : args)
    spec.args.push_back(std::move(arg));
  spec.env = std::move(env);
  spec.input = std::move(input);
  Collected seen;
  auto end = co_await provider->commands().run(std::move(instance), std::move(spec), seen, std::move(call));
  if (!end) co_return std::unexpected(std::move(end).error());
  if (end->interrupted) co_return failure(Errc::cancelled, "interrupted");
  Answer answer;
  answer.exitCode = end->exitCode;
  answer.out = std::move(seen.out);
  answer.err = std::move(seen.err);
  if (answer.exitCode == scripts::noJournal) {
    co_return failure(Errc::notFound, "the sandbox knows of no such command");
  }
  co_return answer;
}

/// Scripts that only look may be run again, whatever became of the first time.
Task<Answer> look(std::shared_ptr<Provider> provider,
                  Instance instance,
                  std::string_view script,
                  std::vector<std::string> args,
                  CallOptions call) {
  call.idempotent = true;
  std::map<std::string, std::string> noEnv;
  std::shared_ptr<ByteSource> noInput;
  co_return co_await runScript(std::move(provider),
                               std::move(instance),
                               script,
                               std::move(args),
                               std::move(noEnv),
                               std::move(noInput),
                               std::move(call));
}

Error unreadable(const Answer& answer) {
  return makeError(Errc::corrupted,
                   "the command's journal answered with " + std::to_string(answer.exitCode) + " \"" +
                       answer.out.substr(0, 80) + "\" " + answer.err.substr(0, 200));
}

std::string_view firstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

Result<std::optional<StartedState>> readState(const Answer& answer) {
  const auto line = firstLine(answer.out);
  StartedState state;
  if (answer.exitCode != 0) return std::unexpected(unreadable(answer));
  if (line == "none") return std::optional<StartedState>();
  if (line == "running") return std::optional(state);
  if (line == "lost") {
    state.status = CommandStatus::lost;
    return std::optional(state);
  }
  constexpr std::string_view exited = "exited ";
  if (!line.starts_with(exited)) return std::unexpected(unreadable(answer));
  const auto digits = line.substr(exited.size());
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), state.exitCode);
  if (ec != std::errc() || end != digits.data() + digits.size()) return std::unexpected(unreadable(answer));
  state.status = CommandStatus::exited;
  return std::optional(state);
}

std::chrono::milliseconds slower(std::chrono::milliseconds delay) {
  return std::min(delay * 2, std::chrono::milliseconds(2000));
}

}  // namespace

Task<ExternalCommandId> Journal::start(Instance instance,
                                       CommandId key,
                                       CommandSpec command,
                                       CallOptions call) {
  std::vector<std::string> args{key.value, command.cwd, std::move(command.program)};
  for (auto& arg : command.args)
    args.push_back(std::move(arg));
  // With an input of its own the command gets that and the end of file; else its input stays open for
  // writeInput().
  command.env.insert_or_assign("MOORING_INPUT", command.input ? "close" : "open");
  auto answer = co_await runScript(provider_,
                                   std::move(instance),
                                   scripts::start,
                                   std::move(args),
                                   std::move(command.env),
                                   std::move(command.input),
                                   std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->exitCode == scripts::badCwd) {
    co_return failure(Errc::notFound,
                      "the working directory \"" + command.cwd + "\" does not exist in the sandbox");
  }
  const auto line = firstLine(answer->out);
  if (answer->exitCode != 0 || (line != "started" && line != "exists"))
    co_return std::unexpected(unreadable(*answer));
  co_return ExternalCommandId(key.value);
}

Task<std::optional<ExternalCommandId>> Journal::find(Instance instance, CommandId key, CallOptions call) {
  std::vector<std::string> args{key.value};
  auto answer = co_await look(
      provider_, std::move(instance), scripts::poll, std::move(args), std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  auto state = readState(*answer);
  if (!state) co_return std::unexpected(std::move(state).error());
  std::optional<ExternalCommandId> found;
  if (*state) found = ExternalCommandId(key.value);
  co_return found;
}

Task<StartedState> Journal::poll(Instance instance, ExternalCommandId id, CallOptions call) {
  std::vector<std::string> args{id.value};
  auto answer = co_await look(
      provider_, std::move(instance), scripts::poll, std::move(args), std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  auto state = readState(*answer);
  if (!state) co_return std::unexpected(std::move(state).error());
  if (!*state) co_return failure(Errc::notFound, "the sandbox knows of no such command");
  co_return **state;
}

Task<StartedState> Journal::wait(Instance instance, ExternalCommandId id, CallOptions call) {
  std::chrono::milliseconds delay(20);
  while (true) {
    auto state = co_await poll(instance, id, call);
    if (!state || state->status != CommandStatus::running) co_return state;
    const auto paused = co_await pause(delay);
    if (!paused) co_return std::unexpected(paused.error());
    delay = slower(delay);
  }
}

Task<OutputChunk> Journal::output(Instance instance,
                                  ExternalCommandId id,
                                  Stream stream,
                                  std::uint64_t offset,
                                  std::size_t maxBytes,
                                  bool follow,
                                  CallOptions call) {
  const std::vector<std::string> args{
      id.value, stream == Stream::out ? "out" : "err", std::to_string(offset + 1), std::to_string(maxBytes)};
  std::chrono::milliseconds delay(20);
  while (true) {
    auto answer = co_await look(provider_, instance, scripts::output, args, call);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->exitCode != 0) co_return std::unexpected(unreadable(*answer));
    OutputChunk chunk;
    chunk.bytes = std::move(answer->out);
    chunk.nextOffset = offset + chunk.bytes.size();
    chunk.ended = firstLine(answer->err) == "ended" && chunk.bytes.size() < maxBytes;
    if (!follow || !chunk.bytes.empty() || chunk.ended) co_return chunk;
    auto state = co_await poll(instance, id, call);
    if (!state) co_return std::unexpected(std::move(state).error());
    if (state->status == CommandStatus::lost) {
      chunk.ended = true;
      co_return chunk;
    }
    const auto paused = co_await pause(delay);
    if (!paused) co_return std::unexpected(paused.error());
    delay = slower(delay);
  }
}

Task<void> Journal::kill(Instance instance, ExternalCommandId id, int signal, CallOptions call) {
  std::vector<std::string> args{id.value, std::to_string(signal)};
  auto answer = co_await look(
      provider_, std::move(instance), scripts::kill, std::move(args), std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->exitCode != 0) co_return std::unexpected(unreadable(*answer));
  co_return Result<void>();
}

Task<void> Journal::writeInput(
    Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions call) {
  std::vector<std::string> args{id.value, close ? "close" : "open"};
  std::map<std::string, std::string> noEnv;
  auto source = sourceOf(std::move(bytes));
  auto answer = co_await runScript(provider_,
                                   std::move(instance),
                                   scripts::input,
                                   std::move(args),
                                   std::move(noEnv),
                                   std::move(source),
                                   std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->exitCode == scripts::inputClosed) {
    co_return failure(Errc::conflict, "its standard input is closed");
  }
  if (answer->exitCode != 0) co_return std::unexpected(unreadable(*answer));
  co_return Result<void>();
}

}  // namespace mooring::detail
