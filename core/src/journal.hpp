// Started commands for a provider that has no handle on them: a POSIX-sh wrapper keeps a journal in the
// sandbox.
#pragma once

#include <mooring/provider.hpp>
#include <mooring/sources.hpp>

#include <memory>

namespace mooring::detail {

/// Works with any CommandsApi that keeps its promises; needs sh, setsid and coreutils in the sandbox.
///
/// One directory per command, /var/tmp/.mooring/<commandId>, which a sandbox keeps while it sleeps:
///   out, err   what it wrote              pid    its process group, when that was born, and in which boot
///   exit       128 + n or its exit code   input  a FIFO, its standard input     close  a FIFO: a line ends
///   the input
/// Making the directory is what decides which of two starts runs the command.
/// Lifetime: `provider` must outlive it. Threads: the loop.
class Journal final : public StartedCommandsApi {
 public:
  explicit Journal(std::shared_ptr<Provider> provider) : provider_(std::move(provider)) {}

  Task<ExternalCommandId> start(Instance instance,
                                CommandId key,
                                CommandSpec command,
                                CallOptions call) override;
  Task<std::optional<ExternalCommandId>> find(Instance instance, CommandId key, CallOptions call) override;
  Task<StartedState> poll(Instance instance, ExternalCommandId id, CallOptions call) override;
  Task<StartedState> wait(Instance instance, ExternalCommandId id, CallOptions call) override;
  Task<OutputChunk> output(Instance instance,
                           ExternalCommandId id,
                           Stream stream,
                           std::uint64_t offset,
                           std::size_t maxBytes,
                           bool follow,
                           CallOptions call) override;
  Task<void> kill(Instance instance, ExternalCommandId id, int signal, CallOptions call) override;
  Task<void> writeInput(
      Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions call) override;

 private:
  std::shared_ptr<Provider> provider_;
};

}  // namespace mooring::detail
