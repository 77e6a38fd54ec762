#include "run.hpp"

#include "environment.hpp"
#include "reach.hpp"
#include "run_once.hpp"

namespace mooring::detail {
namespace {

Task<CommandResult> attemptRun(
    CorePtr core, Reached where, Command command, std::shared_ptr<ByteSource> input, CallOptions call) {
  auto env = fullEnvironment(*core, where.record.config, command.env);
  if (!env) co_return std::unexpected(std::move(env).error());
  auto result = co_await runOnce(
      core, where.provider, where.instance(), std::move(command), std::move(*env), std::move(input), call);
  if (result) {
    result->connection = where.connection;
    co_return result;
  }
  auto error = annotate(std::move(result).error(), where.record, "run");
  error.message = redacted(*core, where.record.config, std::move(error.message));
  co_return std::unexpected(std::move(error));
}

}  // namespace

Task<CommandResult> runCommand(CorePtr core, SandboxId id, Command command, CallOptions call) {
  if (auto valid = validateCommand(command); !valid) co_return std::unexpected(std::move(valid).error());
  std::shared_ptr<OnceSource> stream;
  if (command.inputStream) stream = std::make_shared<OnceSource>(std::move(command.inputStream));
  std::function<Task<CommandResult>(Reached)> attempt =
      [core, command = std::move(command), stream, call](Reached where) {
        std::shared_ptr<ByteSource> input = stream;
        if (!stream && !command.input.empty()) input = sourceOf(command.input);
        return attemptRun(core, std::move(where), command, std::move(input), call);
      };
  std::function<bool()> again = [stream] { return !stream || !stream->begun(); };
  co_return co_await reach<CommandResult>(core, std::move(id), std::move(attempt), call, std::move(again));
}

}  // namespace mooring::detail
