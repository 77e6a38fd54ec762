#include "sandbox_extras.hpp"

#include "reach.hpp"

#include <algorithm>

namespace mooring::detail {
namespace {

template <class Api>
Result<Api*> offered(Api* api, const Reached& where, std::string_view what) {
  if (api != nullptr) return api;
  return failure(Errc::unsupported, "provider " + where.record.provider + " has no " + std::string(what));
}

Result<CheckpointsApi*> checkpointsOf(const Reached& where) {
  return offered(where.provider->checkpoints(), where, "checkpoints");
}

/// Adds what a provider or a new lifetime changed to the record. Retried while others change it too.
Task<void> amend(CorePtr core,
                 SandboxId id,
                 std::function<void(SandboxRecord&)> change,
                 EventReason reason,
                 std::string detail) {
  while (true) {
    auto record = co_await loadRecord(core, id);
    if (!record) co_return std::unexpected(std::move(record).error());
    auto after = *record;
    change(after);
    after.lastUsedAt = core->now();
    auto write = changeOf(*core, *record, std::move(after), reason, detail);
    auto committed = co_await commitChange(core, std::move(write), record->leaseToken);
    if (committed) co_return Result<void>();
    if (committed.error().code != Errc::conflict) co_return std::unexpected(std::move(committed).error());
  }
}

Task<PreviewUrl> previewOn(Reached where, int port, PreviewOptions options, CallOptions call) {
  auto api = offered(where.provider->previews(), where, "previews");
  if (!api) co_return std::unexpected(std::move(api).error());
  auto url = co_await (*api)->url(where.instance(), port, call);
  if (!url || options.waitUntilReady.count() <= 0) co_return url;

  const auto until = std::chrono::steady_clock::now() + options.waitUntilReady;
  std::chrono::milliseconds delay(10);
  while (true) {
    const auto answers = co_await (*api)->answers(where.instance(), port, call);
    if (!answers) co_return std::unexpected(answers.error());
    if (*answers) co_return url;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      co_return failure(Errc::deadlineExceeded,
                        "nothing answered on port " + std::to_string(port) + " within " +
                            std::to_string(options.waitUntilReady.count()) + " ms");
    }
    const auto paused = co_await pause(std::min(delay, left));
    if (!paused) co_return std::unexpected(paused.error());
    delay = std::min(delay * 2, std::chrono::milliseconds(500));
  }
}

Task<CheckpointInfo> createOn(Reached where, std::string comment, CallOptions call) {
  auto api = checkpointsOf(where);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await (*api)->create(where.instance(), std::move(comment), std::move(call));
}

Task<std::vector<CheckpointInfo>> listOn(Reached where, CallOptions call) {
  auto api = checkpointsOf(where);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await (*api)->list(where.instance(), std::move(call));
}

Task<Instance> restoreOn(Reached where, CheckpointId checkpoint, CallOptions call) {
  auto api = checkpointsOf(where);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await (*api)->restore(where.instance(), std::move(checkpoint), std::move(call));
}

Task<void> removeOn(Reached where, CheckpointId checkpoint, CallOptions call) {
  auto api = checkpointsOf(where);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await (*api)->remove(where.instance(), std::move(checkpoint), std::move(call));
}

Task<void> extendOn(Reached where, std::chrono::milliseconds lifetime, CallOptions call) {
  const auto& table = where.provider->capabilities();
  const auto found = table.find(Capability::extend);
  // Where recover() ends it, the record is all there is to change.
  if (found != table.end() && found->second.support == Support::emulated) co_return Result<void>();
  co_return co_await where.provider->lifecycle().extend(where.instance(), lifetime, std::move(call));
}

Task<AnyNative> nativeOn(Reached where) {
  auto native = where.provider->native(where.instance());
  if (!native.has_value()) {
    co_return failure(Errc::unsupported, "provider " + where.record.provider + " has no native handle");
  }
  co_return AnyNative(std::move(native));
}

}  // namespace

Task<PreviewUrl> previewUrl(CorePtr core, SandboxId id, int port, PreviewOptions options, CallOptions call) {
  if (port < 1 || port > 65535) {
    co_return failure(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  }
  std::function<Task<PreviewUrl>(Reached)> attempt = [port, options, call](Reached where) {
    return previewOn(std::move(where), port, options, call);
  };
  co_return co_await reach<PreviewUrl>(core, std::move(id), std::move(attempt), call);
}

Task<CheckpointInfo> createCheckpoint(CorePtr core, SandboxId id, std::string comment, CallOptions call) {
  std::function<Task<CheckpointInfo>(Reached)> attempt = [comment = std::move(comment), call](Reached where) {
    return createOn(std::move(where), comment, call);
  };
  co_return co_await reach<CheckpointInfo>(core, std::move(id), std::move(attempt), call);
}

Task<std::vector<CheckpointInfo>> listCheckpoints(CorePtr core, SandboxId id, CallOptions call) {
  std::function<Task<std::vector<CheckpointInfo>>(Reached)> attempt = [call](Reached where) {
    return listOn(std::move(where), call);
  };
  co_return co_await reach<std::vector<CheckpointInfo>>(core, std::move(id), std::move(attempt), call);
}

Task<void> restoreCheckpoint(CorePtr core, SandboxId id, CheckpointId checkpoint, CallOptions call) {
  const auto label = checkpoint.value;
  std::function<Task<Instance>(Reached)> attempt = [checkpoint = std::move(checkpoint), call](Reached where) {
    return restoreOn(std::move(where), checkpoint, call);
  };
  auto instance = co_await reach<Instance>(core, id, std::move(attempt), call);
  if (!instance) co_return std::unexpected(std::move(instance).error());
  std::function<void(SandboxRecord&)> change = [instance = std::move(*instance)](SandboxRecord& record) {
    takeFacts(record, instance);
  };
  co_return co_await amend(core, std::move(id), std::move(change), EventReason::checkpointRestored, label);
}

Task<void> removeCheckpoint(CorePtr core, SandboxId id, CheckpointId checkpoint, CallOptions call) {
  std::function<Task<void>(Reached)> attempt = [checkpoint = std::move(checkpoint), call](Reached where) {
    return removeOn(std::move(where), checkpoint, call);
  };
  co_return co_await reach<void>(core, std::move(id), std::move(attempt), call);
}

Task<void> extendLifetime(CorePtr core, SandboxId id, std::chrono::milliseconds lifetime, CallOptions call) {
  if (lifetime.count() <= 0) co_return failure(Errc::invalidArgument, "a lifetime must be longer than zero");
  std::function<Task<void>(Reached)> attempt = [lifetime, call](Reached where) {
    return extendOn(std::move(where), lifetime, call);
  };
  auto extended = co_await reach<void>(core, id, std::move(attempt), call);
  if (!extended) co_return extended;
  std::function<void(SandboxRecord&)> change = [lifetime](SandboxRecord& record) {
    record.timeout = lifetime;
  };
  const auto detail = std::to_string(lifetime.count()) + " ms from now";
  co_return co_await amend(core, std::move(id), std::move(change), EventReason::extended, detail);
}

Task<AnyNative> nativeHandle(CorePtr core, SandboxId id, CallOptions call) {
  std::function<Task<AnyNative>(Reached)> attempt = [](Reached where) { return nativeOn(std::move(where)); };
  co_return co_await reach<AnyNative>(core, std::move(id), std::move(attempt), call);
}

}  // namespace mooring::detail
