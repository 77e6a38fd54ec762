#include "support/fake_provider.hpp"

#include <mutex>
#include <utility>

// The half of the contract that is really done, by the inner provider.

namespace mooring::test {

// CommandsApi

void FakeProvider::noteCommand(const Instance& instance, const CommandSpec& command) {
  const auto key = keyOf(instance);
  const std::lock_guard lock(cloud_->mutex_);
  FakeCommandRun run;
  if (key) run.provisionKey = *key;
  run.program = command.program;
  run.args = command.args;
  cloud_->ledger_.commands.push_back(std::move(run));
}

Task<CommandEnd> FakeProvider::run(Instance instance,
                                   CommandSpec command,
                                   RunObserver& observer,
                                   CallOptions call) {
  auto fault = co_await meet(FakeCall::run, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  FakeCloud::Answer answer;
  {
    const std::lock_guard lock(cloud_->mutex_);
    answer = cloud_->answer_;
  }
  Result<CommandEnd> result;
  if (answer) {
    const auto key = keyOf(instance);
    if (!key) co_return std::unexpected(key.error());
    if (!runs(instance)) co_return failure(Errc::notRunning, instance.id.value + " is asleep");
    noteCommand(instance, command);
    result = answer(command, observer);
  } else {
    auto place = co_await workplace(instance);
    if (!place) co_return std::unexpected(std::move(place).error());
    noteCommand(instance, command);
    result = co_await worker_->commands().run(
        std::move(*place), std::move(command), observer, std::move(call));
    const bool cutOff = !runs(instance) && !(result && result->interrupted);
    if (cutOff)
      result = failure(Errc::outcomeUnknown, instance.id.value + " went away while a command ran in it");
  }
  co_return co_await leave<CommandEnd>(std::move(*fault), std::move(result));
}

// StartedCommandsApi

Task<ExternalCommandId> FakeProvider::start(Instance instance,
                                            CommandId key,
                                            CommandSpec command,
                                            CallOptions call) {
  auto work = [this, instance, key, command, call](Instance place) mutable {
    noteCommand(instance, command);
    return worker_->startedCommands()->start(
        std::move(place), std::move(key), std::move(command), std::move(call));
  };
  co_return co_await guarded<ExternalCommandId>(FakeCall::start, instance, std::move(work));
}

Task<std::optional<ExternalCommandId>> FakeProvider::find(Instance instance,
                                                          CommandId key,
                                                          CallOptions call) {
  auto work = [this, key, call](Instance place) mutable {
    return worker_->startedCommands()->find(std::move(place), std::move(key), std::move(call));
  };
  co_return co_await guarded<std::optional<ExternalCommandId>>(
      FakeCall::findStarted, instance, std::move(work));
}

Task<StartedState> FakeProvider::poll(Instance instance, ExternalCommandId id, CallOptions call) {
  auto work = [this, id, call](Instance place) mutable {
    return worker_->startedCommands()->poll(std::move(place), std::move(id), std::move(call));
  };
  co_return co_await guarded<StartedState>(FakeCall::poll, instance, std::move(work));
}

Task<StartedState> FakeProvider::wait(Instance instance, ExternalCommandId id, CallOptions call) {
  auto work = [this, id, call](Instance place) mutable {
    return worker_->startedCommands()->wait(std::move(place), std::move(id), std::move(call));
  };
  co_return co_await guarded<StartedState>(FakeCall::wait, instance, std::move(work));
}

Task<OutputChunk> FakeProvider::output(Instance instance,
                                       ExternalCommandId id,
                                       Stream stream,
                                       std::uint64_t offset,
                                       std::size_t maxBytes,
                                       bool follow,
                                       CallOptions call) {
  auto work = [this, id, stream, offset, maxBytes, follow, call](Instance place) mutable {
    return worker_->startedCommands()->output(
        std::move(place), std::move(id), stream, offset, maxBytes, follow, std::move(call));
  };
  co_return co_await guarded<OutputChunk>(FakeCall::output, instance, std::move(work));
}

Task<void> FakeProvider::kill(Instance instance, ExternalCommandId id, int signal, CallOptions call) {
  auto work = [this, id, signal, call](Instance place) mutable {
    return worker_->startedCommands()->kill(std::move(place), std::move(id), signal, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::kill, instance, std::move(work));
}

Task<void> FakeProvider::writeInput(
    Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions call) {
  auto work = [this, id, bytes, close, call](Instance place) mutable {
    return worker_->startedCommands()->writeInput(
        std::move(place), std::move(id), std::move(bytes), close, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::writeInput, instance, std::move(work));
}

// FilesApi

Task<void> FakeProvider::read(Instance instance,
                              SandboxPath path,
                              std::uint64_t offset,
                              std::shared_ptr<ByteSink> sink,
                              CallOptions call) {
  auto work = [this, path, offset, sink, call](Instance place) mutable {
    return worker_->files().read(std::move(place), std::move(path), offset, std::move(sink), std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::read, instance, std::move(work));
}

Task<void> FakeProvider::write(Instance instance,
                               SandboxPath path,
                               std::shared_ptr<ByteSource> source,
                               WriteOptions options,
                               CallOptions call) {
  auto work = [this, path, source, options, call](Instance place) mutable {
    return worker_->files().write(
        std::move(place), std::move(path), std::move(source), options, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::write, instance, std::move(work));
}

Task<std::vector<FileInfo>> FakeProvider::list(Instance instance, SandboxPath path, CallOptions call) {
  auto work = [this, path, call](Instance place) mutable {
    return worker_->files().list(std::move(place), std::move(path), std::move(call));
  };
  co_return co_await guarded<std::vector<FileInfo>>(FakeCall::listFiles, instance, std::move(work));
}

Task<FileInfo> FakeProvider::stat(Instance instance, SandboxPath path, CallOptions call) {
  auto work = [this, path, call](Instance place) mutable {
    return worker_->files().stat(std::move(place), std::move(path), std::move(call));
  };
  co_return co_await guarded<FileInfo>(FakeCall::stat, instance, std::move(work));
}

Task<void> FakeProvider::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().makeDirectory(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::makeDirectory, instance, std::move(work));
}

Task<void> FakeProvider::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().remove(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::remove, instance, std::move(work));
}

Task<void> FakeProvider::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) {
  auto work = [this, from, to, call](Instance place) mutable {
    return worker_->files().move(std::move(place), std::move(from), std::move(to), std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::move, instance, std::move(work));
}

Task<void> FakeProvider::setMode(Instance instance, SandboxPath path, int mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().setMode(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::setMode, instance, std::move(work));
}

}  // namespace mooring::test
