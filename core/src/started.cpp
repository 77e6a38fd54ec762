#include "started.hpp"

#include "environment.hpp"
#include "journal.hpp"
#include "reach.hpp"
#include "run_once.hpp"
#include "use.hpp"

#include <spdlog/spdlog.h>

namespace mooring::detail {
namespace {

Task<CommandRecord> loadCommand(CorePtr core, CommandId id) {
  auto read = [id = std::move(id)](RecordStore& store) { return store.getCommand(id); };
  co_return co_await withStore(core, std::move(read));
}

/// Commits what was learnt about a command. An end that another process recorded first stands.
Task<CommandRecord> record(CorePtr core, CommandRecord command) {
  if (hasEnded(command.status) && !command.finishedAt) command.finishedAt = core->now();
  auto write = [command](RecordStore& store) { return store.updateCommand(command); };
  auto written = co_await withStore(core, std::move(write));
  if (written) co_return command;
  if (written.error().code == Errc::conflict) co_return co_await loadCommand(core, command.commandId);
  co_return std::unexpected(std::move(written).error());
}

Task<CommandRecord> recordAs(CorePtr core, CommandRecord command, CommandStatus status) {
  command.status = status;
  co_return co_await record(core, std::move(command));
}

Task<CommandRecord> recordState(CorePtr core, CommandRecord command, StartedState state) {
  if (state.status == CommandStatus::running) co_return command;
  command.status = state.status;
  if (state.status == CommandStatus::exited) {
    command.exitCode = state.exitCode;
    command.signal = state.signal;
  }
  co_return co_await record(core, std::move(command));
}

/// The provider's own started commands, or the journal where it says that they are emulated. Null:
/// unsupported.
StartedCommandsApi* startedCommandsOf(Core& core,
                                      const std::string& name,
                                      const std::shared_ptr<Provider>& provider) {
  if (auto* native = provider->startedCommands()) return native;
  const auto offer = provider->capabilities().find(Capability::startedCommands);
  if (offer == provider->capabilities().end() || offer->second.support != Support::emulated) return nullptr;
  auto& journal = core.journals[name];
  if (!journal) journal = std::make_shared<Journal>(provider);
  return journal.get();
}

/// Where a started command lives: its provider and the instance of its own generation.
struct Whereabouts {
  std::shared_ptr<Provider> provider = {};
  StartedCommandsApi* api = nullptr;
  SandboxRecord sandbox = {};
  std::shared_ptr<UseKeeper> use = {};

  [[nodiscard]] Instance instance() const { return instanceOf(sandbox); }
};

/// Errors: gone when its generation has ended, unsupported.
Task<Whereabouts> whereabouts(CorePtr core, CommandRecord command) {
  auto sandbox = co_await loadRecord(core, command.sandboxId);
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  if (sandbox->generation != command.generation || sandbox->externalSandboxId.empty()) {
    co_return failure(Errc::gone, "the sandbox generation it ran in has ended");
  }
  auto provider = providerNamed(*core, sandbox->provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  Whereabouts where;
  where.provider = std::move(*provider);
  where.api = startedCommandsOf(*core, sandbox->provider, where.provider);
  where.sandbox = std::move(*sandbox);
  if (where.api == nullptr) {
    co_return failure(Errc::unsupported, "provider " + where.sandbox.provider + " has no started commands");
  }
  co_await noteUse(core, where.sandbox);
  where.use = std::make_shared<UseKeeper>(core, where.sandbox.sandboxId);
  co_return where;
}

/// A command whose start was interrupted: the provider knows whether it runs.
Task<CommandRecord> settleStart(CorePtr core, CommandRecord command, Whereabouts where, CallOptions call) {
  auto found = co_await where.api->find(where.instance(), command.commandId, std::move(call));
  if (!found) co_return std::unexpected(std::move(found).error());
  if (*found) {
    command.externalCommandId = std::move(**found);
    co_return co_await recordAs(core, std::move(command), CommandStatus::running);
  }
  // Its starter may be between the row and the effect; only after a lease's time is its silence an answer.
  if (core->now() - command.createdAt < core->parts.leaseDuration) co_return command;
  co_return co_await recordAs(core, std::move(command), CommandStatus::failed);
}

/// What the caller needs to act on a command: its row, settled, and where it lives when it may still have
/// output.
struct Found {
  CommandRecord command = {};
  std::optional<Whereabouts> where = {};  ///< Nothing: its generation has ended.
};

Task<Found> find(CorePtr core, CommandId id, CallOptions call) {
  auto command = co_await loadCommand(core, std::move(id));
  if (!command) co_return std::unexpected(std::move(command).error());
  Found out;
  out.command = std::move(*command);
  auto where = co_await whereabouts(core, out.command);
  if (!where) {
    if (where.error().code != Errc::gone) co_return std::unexpected(std::move(where).error());
    if (!hasEnded(out.command.status)) {
      auto lost = co_await recordAs(core, std::move(out.command), CommandStatus::lost);
      if (!lost) co_return std::unexpected(std::move(lost).error());
      out.command = std::move(*lost);
    }
    co_return out;
  }
  if (out.command.status == CommandStatus::starting) {
    auto settled = co_await settleStart(core, std::move(out.command), *where, call);
    if (!settled) co_return std::unexpected(std::move(settled).error());
    out.command = std::move(*settled);
  }
  out.where = std::move(*where);
  co_return out;
}

/// `gone` and `notFound` from the provider mean that the command went with its sandbox.
bool wentAway(const Error& error) { return error.code == Errc::gone || error.code == Errc::notFound; }

Error noHandle(const CommandRecord& command) {
  const std::string status(toString(command.status));
  if (command.status == CommandStatus::starting) {
    return makeError(Errc::unavailable, "the command is still being started; try again");
  }
  return makeError(Errc::notFound, "the command is " + status + " and has left no output");
}

Task<CommandId> startOn(CorePtr core, Reached where, Command command, CallOptions call) {
  auto* api = startedCommandsOf(*core, where.record.provider, where.provider);
  if (api == nullptr) {
    co_return failure(Errc::unsupported, "provider " + where.record.provider + " has no started commands");
  }
  auto env = fullEnvironment(*core, where.record.config, command.env);
  if (!env) co_return std::unexpected(std::move(env).error());

  CommandRecord row;
  row.commandId = CommandId(core->parts.ids->uuid());
  row.sandboxId = where.record.sandboxId;
  row.generation = where.record.generation;
  row.program = redacted(*core, where.record.config, command.program);
  for (const auto& arg : command.args)
    row.args.push_back(redacted(*core, where.record.config, arg));
  row.cwd = command.cwd;
  row.createdAt = core->now();
  auto insert = [row](RecordStore& store) { return store.insertCommand(row); };
  auto inserted = co_await withStore(core, std::move(insert));
  if (!inserted) co_return std::unexpected(std::move(inserted).error());

  CommandSpec spec;
  spec.program = std::move(command.program);
  spec.args = std::move(command.args);
  spec.cwd = std::move(command.cwd);
  spec.env = std::move(*env);
  if (!command.input.empty()) spec.input = sourceOf(std::move(command.input));
  auto started = co_await api->start(where.instance(), row.commandId, std::move(spec), std::move(call));
  if (!started) {
    auto error = std::move(started).error();
    const bool unsure = error.code == Errc::outcomeUnknown || error.code == Errc::cancelled ||
                        error.code == Errc::deadlineExceeded;
    error.message = redacted(*core, where.record.config, std::move(error.message));
    if (unsure) {
      error.message += " (commandId " + row.commandId.value + ": its status will tell)";
    } else {
      const auto noted = co_await recordAs(core, std::move(row), CommandStatus::failed);
      if (!noted) core->parts.log->warn("failed start not recorded error=\"{}\"", describe(noted.error()));
    }
    co_return std::unexpected(annotate(std::move(error), where.record, "start"));
  }
  const auto id = row.commandId;
  row.externalCommandId = std::move(*started);
  auto noted = co_await recordAs(core, std::move(row), CommandStatus::running);
  // It runs; status() finds it by its key. Failing the call would invite a second start.
  if (!noted)
    core->parts.log->warn("start not recorded commandId={} error=\"{}\"", id.value, describe(noted.error()));
  co_return id;
}

Result<void> validateStart(const Command& command) {
  if (auto valid = validateCommand(command); !valid) return valid;
  const auto& limits = command.timeouts;
  if (limits.connect.count() + limits.firstByte.count() + limits.silence.count() + limits.total.count() > 0) {
    return failure(Errc::invalidArgument,
                   "a started command has no timeouts: wait() with a deadline, then kill()");
  }
  if (command.sink)
    return failure(Errc::invalidArgument, "a started command has no sink: follow() its output");
  if (command.inputStream) {
    return failure(Errc::invalidArgument,
                   "a started command takes `input` or writeInput(), not an inputStream");
  }
  return {};
}

}  // namespace

bool hasEnded(CommandStatus status) {
  return status == CommandStatus::exited || status == CommandStatus::failed || status == CommandStatus::lost;
}

Task<CommandId> startCommand(CorePtr core, SandboxId id, Command command, CallOptions call) {
  if (auto valid = validateStart(command); !valid) co_return std::unexpected(std::move(valid).error());
  std::function<Task<CommandId>(Reached)> attempt =
      [core, command = std::move(command), call](Reached where) {
        return startOn(core, std::move(where), command, call);
      };
  co_return co_await reach<CommandId>(core, std::move(id), std::move(attempt), call);
}

Task<CommandRecord> commandStatus(CorePtr core, CommandId id, CallOptions call) {
  auto found = co_await find(core, std::move(id), call);
  if (!found) co_return std::unexpected(std::move(found).error());
  auto& command = found->command;
  if (command.status != CommandStatus::running || !found->where) co_return std::move(command);
  auto state = co_await found->where->api->poll(found->where->instance(), command.externalCommandId, call);
  if (state) co_return co_await recordState(core, std::move(command), std::move(*state));
  if (wentAway(state.error())) co_return co_await recordAs(core, std::move(command), CommandStatus::lost);
  co_return std::unexpected(annotate(std::move(state).error(), found->where->sandbox, "status"));
}

Task<CommandRecord> waitForCommand(CorePtr core, CommandId id, CallOptions call) {
  std::chrono::milliseconds delay(10);
  while (true) {
    auto found = co_await find(core, id, call);
    if (!found) co_return std::unexpected(std::move(found).error());
    auto& command = found->command;
    if (hasEnded(command.status) || !found->where) co_return std::move(command);
    if (command.status == CommandStatus::starting) {
      const auto paused = co_await pause(delay);
      if (!paused) co_return std::unexpected(paused.error());
      delay = std::min(delay * 2, std::chrono::milliseconds(1000));
      continue;
    }
    auto state = co_await found->where->api->wait(found->where->instance(), command.externalCommandId, call);
    if (!state && wentAway(state.error())) {
      co_return co_await recordAs(core, std::move(command), CommandStatus::lost);
    }
    if (!state) co_return std::unexpected(annotate(std::move(state).error(), found->where->sandbox, "wait"));
    if (state->status != CommandStatus::running) {
      co_return co_await recordState(core, std::move(command), std::move(*state));
    }
    const auto wanted = co_await stillWanted();
    if (!wanted) co_return std::unexpected(wanted.error());
  }
}

Task<OutputChunk> commandOutput(CorePtr core,
                                CommandId id,
                                Stream stream,
                                std::uint64_t offset,
                                std::size_t maxBytes,
                                bool follow,
                                CallOptions call) {
  auto found = co_await find(core, std::move(id), call);
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto& command = found->command;
  if (!found->where || command.externalCommandId.empty()) co_return std::unexpected(noHandle(command));
  auto chunk = co_await found->where->api->output(
      found->where->instance(), command.externalCommandId, stream, offset, maxBytes, follow, call);
  if (!chunk && chunk.error().code == Errc::gone) co_return std::unexpected(noHandle(command));
  if (!chunk) co_return std::unexpected(annotate(std::move(chunk).error(), found->where->sandbox, "output"));
  co_return chunk;
}

Task<void> killCommand(CorePtr core, CommandId id, int signal, CallOptions call) {
  if (signal < 1 || signal > 64) {
    co_return failure(Errc::invalidArgument, std::to_string(signal) + " is not a signal: use 1 to 64");
  }
  auto found = co_await find(core, std::move(id), call);
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto& command = found->command;
  if (hasEnded(command.status) || !found->where) co_return Result<void>();
  if (command.externalCommandId.empty()) co_return std::unexpected(noHandle(command));
  auto killed = co_await found->where->api->kill(
      found->where->instance(), command.externalCommandId, signal, std::move(call));
  if (!killed && !wentAway(killed.error())) {
    co_return std::unexpected(annotate(std::move(killed).error(), found->where->sandbox, "kill"));
  }
  co_return Result<void>();
}

Task<void> writeCommandInput(CorePtr core, CommandId id, std::string bytes, bool close, CallOptions call) {
  auto found = co_await find(core, std::move(id), call);
  if (!found) co_return std::unexpected(std::move(found).error());
  const auto& command = found->command;
  if (hasEnded(command.status) || !found->where) {
    co_return failure(Errc::conflict,
                      "the command is " + std::string(toString(command.status)) + " and reads no input");
  }
  if (command.externalCommandId.empty()) co_return std::unexpected(noHandle(command));
  auto written = co_await found->where->api->writeInput(
      found->where->instance(), command.externalCommandId, std::move(bytes), close, std::move(call));
  if (!written)
    co_return std::unexpected(annotate(std::move(written).error(), found->where->sandbox, "input"));
  co_return written;
}

}  // namespace mooring::detail
