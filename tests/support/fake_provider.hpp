#pragma once

/// The provider contract over a FakeCloud. Only the cloud makes one, for each service that it is registered
/// with.

#include <mooring/provider.hpp>

#include "support/fake_cloud.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::test {

/// One service's view of the cloud. The worker is made per loop; all of them share the cloud's own directory.
class FakeProvider final : public Provider,
                           public LifecycleApi,
                           public CommandsApi,
                           public StartedCommandsApi,
                           public FilesApi {
 public:
  FakeProvider(std::shared_ptr<FakeCloud> cloud, std::shared_ptr<Provider> worker)
      : cloud_(std::move(cloud)), worker_(std::move(worker)) {}

  // Provider
  [[nodiscard]] std::string_view name() const override { return cloud_->options_.name; }
  [[nodiscard]] const CapabilityTable& capabilities() const override { return cloud_->options_.capabilities; }
  [[nodiscard]] Result<void> validate(const SandboxConfig& config) const override;
  LifecycleApi& lifecycle() override { return *this; }
  CommandsApi& commands() override { return *this; }
  FilesApi& files() override { return *this; }
  StartedCommandsApi* startedCommands() override {
    return supportOf(Capability::startedCommands) == Support::native ? this : nullptr;
  }
  Task<std::vector<Finding>> diagnose(CallOptions call) override;

  // LifecycleApi
  Task<Instance> provision(ProvisionRequest request, CallOptions call) override;
  Task<std::optional<Instance>> find(std::string key, CallOptions call) override;
  Task<std::optional<Instance>> inspect(ExternalSandboxId id, CallOptions call) override;
  Task<Attachment> attach(Instance instance, CallOptions call) override;
  Task<void> stop(Instance instance, CallOptions call) override;
  Task<void> destroy(Instance instance, CallOptions call) override;
  Task<InstancePage> list(std::string ownerTag, std::string cursor, CallOptions call) override;
  Task<void> extend(Instance instance, std::chrono::milliseconds lifetime, CallOptions call) override;

  // CommandsApi
  Task<CommandEnd> run(Instance instance,
                       CommandSpec command,
                       RunObserver& observer,
                       CallOptions call) override;

  // StartedCommandsApi
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

  // FilesApi
  Task<void> read(Instance instance,
                  SandboxPath path,
                  std::uint64_t offset,
                  std::shared_ptr<ByteSink> sink,
                  CallOptions call) override;
  Task<void> write(Instance instance,
                   SandboxPath path,
                   std::shared_ptr<ByteSource> source,
                   WriteOptions options,
                   CallOptions call) override;
  Task<std::vector<FileInfo>> list(Instance instance, SandboxPath path, CallOptions call) override;
  Task<FileInfo> stat(Instance instance, SandboxPath path, CallOptions call) override;
  Task<void> makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) override;
  Task<void> remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) override;
  Task<void> move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) override;
  Task<void> setMode(Instance instance, SandboxPath path, int mode, CallOptions call) override;

 private:
  friend class FakeCloud;

  [[nodiscard]] Support supportOf(Capability capability) const {
    const auto& table = cloud_->options_.capabilities;
    const auto found = table.find(capability);
    return found == table.end() ? Support::unsupported : found->second.support;
  }
  [[nodiscard]] bool offers(Capability capability) const {
    return supportOf(capability) != Support::unsupported;
  }

  /// What a fault does before the call. The fault itself comes back, for what it does afterwards.
  Task<Fault> meet(FakeCall call, Instance instance);
  /// What a fault does after the call.
  template <class T>
  Task<T> leave(Fault fault, Result<T> result);
  /// `work` between meet() and leave(), on the worker's instance.
  template <class T>
  Task<T> guarded(FakeCall call, Instance instance, std::move_only_function<Task<T>(Instance)> work);

  /// The worker's instance behind a running one of ours. Errors: gone, notRunning.
  Task<Instance> workplace(Instance instance);
  Task<void> clearWorkplace(std::string key, bool keepFiles);
  void noteCommand(const Instance& instance, const CommandSpec& command);
  [[nodiscard]] bool runs(const Instance& instance) const;
  [[nodiscard]] Result<std::string> keyOf(const Instance& instance) const;

  std::shared_ptr<FakeCloud> cloud_;
  std::shared_ptr<Provider> worker_;
};

template <class T>
Task<T> FakeProvider::leave(Fault fault, Result<T> result) {
  if (fault.kind == Fault::Kind::loseReply) co_return std::unexpected(std::move(fault.error));
  if (fault.kind == Fault::Kind::blockAfter) {
    auto passed = co_await fault.gate->pass();
    if (!passed) co_return std::unexpected(std::move(passed).error());
  }
  co_return result;
}

template <class T>
Task<T> FakeProvider::guarded(FakeCall call,
                              Instance instance,
                              std::move_only_function<Task<T>(Instance)> work) {
  auto fault = co_await meet(call, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  auto place = co_await workplace(instance);
  Result<T> result;
  if (place) {
    result = co_await work(std::move(*place));
  } else {
    result = std::unexpected(std::move(place).error());
  }
  co_return co_await leave<T>(std::move(*fault), std::move(result));
}

}  // namespace mooring::test
