// Started commands: a row first, then the command; any process goes on with either.
#pragma once

#include "core.hpp"

#include <functional>
#include <string>

namespace mooring::detail {

/// For good: no status follows.
bool hasEnded(CommandStatus status);

/// Sandbox::start. Returns the new command's id.
Task<CommandId> startCommand(CorePtr core, SandboxId id, Command command, CallOptions call);

/// StartedCommand::status.
Task<CommandRecord> commandStatus(CorePtr core, CommandId id, CallOptions call);

/// StartedCommand::wait.
Task<CommandRecord> waitForCommand(CorePtr core, CommandId id, CallOptions call);

/// StartedCommand::output and follow.
Task<OutputChunk> commandOutput(CorePtr core,
                                CommandId id,
                                Stream stream,
                                std::uint64_t offset,
                                std::size_t maxBytes,
                                bool follow,
                                CallOptions call);

/// StartedCommand::kill.
Task<void> killCommand(CorePtr core, CommandId id, int signal, CallOptions call);

/// StartedCommand::writeInput and closeInput.
Task<void> writeCommandInput(CorePtr core, CommandId id, std::string bytes, bool close, CallOptions call);

}  // namespace mooring::detail
