#include <mooring/sandbox.hpp>

#include "connect.hpp"
#include "core.hpp"
#include "forward.hpp"
#include "run.hpp"
#include "sandbox_extras.hpp"
#include "started.hpp"
#include "stop.hpp"

namespace mooring {

using detail::CorePtr;

namespace {

Task<std::vector<SandboxEvent>> loadEvents(CorePtr core, SandboxId id, std::int64_t afterSeq) {
  auto known = co_await loadRecord(core, id);
  if (!known) co_return std::unexpected(std::move(known).error());
  constexpr int most = 1000;
  auto read = [id = std::move(id), afterSeq](RecordStore& store) { return store.events(id, afterSeq, most); };
  co_return co_await withStore(core, std::move(read));
}

Task<std::vector<CommandRecord>> loadCommands(CorePtr core, SandboxId id) {
  auto known = co_await loadRecord(core, id);
  if (!known) co_return std::unexpected(std::move(known).error());
  auto read = [id = std::move(id)](RecordStore& store) { return store.listCommands(id); };
  co_return co_await withStore(core, std::move(read));
}

/// The engine only as a weak reference: a body must not own the loop that runs it.
Task<StartedCommand> startHandle(
    CorePtr core, std::weak_ptr<detail::Engine> engine, SandboxId id, Command command, CallOptions call) {
  auto started = co_await startCommand(core, std::move(id), std::move(command), std::move(call));
  if (!started) co_return std::unexpected(std::move(started).error());
  detail::Handle handle;
  handle.engine = engine.lock();
  handle.core = core;
  co_return StartedCommand(std::move(handle), std::move(*started));
}

}  // namespace

Sandbox::Sandbox(detail::Handle handle, SandboxId id) : handle_(std::move(handle)), id_(std::move(id)) {}

Operation<SandboxRecord> Sandbox::record(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_] { return loadRecord(core, id); }};
}

Operation<std::vector<SandboxEvent>> Sandbox::events(std::int64_t afterSeq, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, afterSeq] {
            return loadEvents(core, id, afterSeq);
          }};
}

Operation<ConnectionOutcome> Sandbox::connect(CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, call] { return connectSandbox(core, id, call); }};
}

Operation<CommandResult> Sandbox::run(Command command, CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, command = std::move(command), call]() mutable {
        return runCommand(core, id, std::move(command), call);
      }};
}

Operation<CommandResult> Sandbox::run(std::string program,
                                      std::vector<std::string> args,
                                      CallOptions call) const {
  Command command;
  command.program = std::move(program);
  command.args = std::move(args);
  return run(std::move(command), std::move(call));
}

Operation<StartedCommand> Sandbox::start(Command command, CallOptions call) const {
  std::weak_ptr<detail::Engine> engine = handle_.engine;
  return {handle_.engine,
          call,
          [core = handle_.core, engine, id = id_, command = std::move(command), call]() mutable {
            return startHandle(core, engine, id, std::move(command), call);
          }};
}

StartedCommand Sandbox::command(CommandId id) const { return {handle_, std::move(id)}; }

Operation<std::vector<CommandRecord>> Sandbox::commands(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_] { return loadCommands(core, id); }};
}

Files Sandbox::files() const { return {handle_, id_}; }
Previews Sandbox::previews() const { return {handle_, id_}; }
Checkpoints Sandbox::checkpoints() const { return {handle_, id_}; }

Operation<void> Sandbox::extend(std::chrono::milliseconds lifetime, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, lifetime, call] {
            return extendLifetime(core, id, lifetime, call);
          }};
}

Operation<SandboxRecord> Sandbox::stop(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, call] {
            return endSandbox(core, id, DebtKind::stop, call);
          }};
}

Operation<SandboxRecord> Sandbox::destroy(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, call] {
            return endSandbox(core, id, DebtKind::destroy, call);
          }};
}

Operation<ConnectionOutcome> Sandbox::resume(CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, call] { return resumeSandbox(core, id, call); }};
}

Operation<SandboxRecord> Sandbox::recreate(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, call] {
            return recreateSandbox(core, id, call);
          }};
}

Operation<detail::AnyNative> Sandbox::anyNative(CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, call] { return nativeHandle(core, id, call); }};
}

StartedCommand::StartedCommand(detail::Handle handle, CommandId id)
    : handle_(std::move(handle)), id_(std::move(id)) {}

Operation<CommandRecord> StartedCommand::status(CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, call] { return commandStatus(core, id, call); }};
}

Operation<CommandRecord> StartedCommand::wait(CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, call] { return waitForCommand(core, id, call); }};
}

Operation<OutputChunk> StartedCommand::output(Stream stream,
                                              std::uint64_t offset,
                                              std::size_t maxBytes,
                                              CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, stream, offset, maxBytes, call] {
            return commandOutput(core, id, stream, offset, maxBytes, false, call);
          }};
}

Operation<OutputChunk> StartedCommand::follow(Stream stream,
                                              std::uint64_t offset,
                                              std::size_t maxBytes,
                                              CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, stream, offset, maxBytes, call] {
            return commandOutput(core, id, stream, offset, maxBytes, true, call);
          }};
}

Operation<void> StartedCommand::kill(int signal, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, signal, call] {
            return killCommand(core, id, signal, call);
          }};
}

Operation<void> StartedCommand::writeInput(std::string bytes, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, bytes = std::move(bytes), call]() mutable {
            return writeCommandInput(core, id, std::move(bytes), false, call);
          }};
}

Operation<void> StartedCommand::closeInput(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, call] {
            return writeCommandInput(core, id, std::string(), true, call);
          }};
}

Previews::Previews(detail::Handle handle, SandboxId id) : handle_(std::move(handle)), id_(std::move(id)) {}

Operation<PreviewUrl> Previews::url(int port, PreviewOptions options, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, port, options, call] {
            return previewUrl(core, id, port, options, call);
          }};
}

Operation<void> Sandbox::forward(int port, ForwardOptions options, CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, port, options = std::move(options)]() mutable {
        return forwardPort(core, id, port, std::move(options));
      }};
}

Checkpoints::Checkpoints(detail::Handle handle, SandboxId id)
    : handle_(std::move(handle)), id_(std::move(id)) {}

Operation<CheckpointInfo> Checkpoints::create(std::string comment, CallOptions call) const {
  return {
      handle_.engine, call, [core = handle_.core, id = id_, comment = std::move(comment), call]() mutable {
        return createCheckpoint(core, id, std::move(comment), call);
      }};
}

Operation<std::vector<CheckpointInfo>> Checkpoints::list(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, id = id_, call] {
            return listCheckpoints(core, id, call);
          }};
}

Operation<void> Checkpoints::restore(CheckpointId id, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, sandbox = id_, id = std::move(id), call]() mutable {
            return restoreCheckpoint(core, sandbox, std::move(id), call);
          }};
}

Operation<void> Checkpoints::remove(CheckpointId id, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, sandbox = id_, id = std::move(id), call]() mutable {
            return removeCheckpoint(core, sandbox, std::move(id), call);
          }};
}

}  // namespace mooring
