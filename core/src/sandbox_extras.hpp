// Checkpoints, previews, lifetime and the native handle of one sandbox.
#pragma once

#include "core.hpp"

#include <any>

namespace mooring::detail {

Task<PreviewUrl> previewUrl(CorePtr core, SandboxId id, int port, PreviewOptions options, CallOptions call);

Task<CheckpointInfo> createCheckpoint(CorePtr core, SandboxId id, std::string comment, CallOptions call);
Task<std::vector<CheckpointInfo>> listCheckpoints(CorePtr core, SandboxId id, CallOptions call);
Task<void> restoreCheckpoint(CorePtr core, SandboxId id, CheckpointId checkpoint, CallOptions call);
Task<void> removeCheckpoint(CorePtr core, SandboxId id, CheckpointId checkpoint, CallOptions call);

Task<void> extendLifetime(CorePtr core, SandboxId id, std::chrono::milliseconds lifetime, CallOptions call);

Task<AnyNative> nativeHandle(CorePtr core, SandboxId id, CallOptions call);

}  // namespace mooring::detail
