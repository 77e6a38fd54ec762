// The interfaces of one account, each in a source of its own.
#pragma once

#include <mooring/guest/scripted_files.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

namespace mooring::sprites {

class Lifecycle final : public LifecycleApi {
 public:
  explicit Lifecycle(AccountPtr account) : account_(std::move(account)) {}

  Task<Instance> provision(ProvisionRequest request, CallOptions call) override;
  Task<std::optional<Instance>> find(std::string provisionKey, CallOptions call) override;
  Task<std::optional<Instance>> inspect(ExternalSandboxId id, CallOptions call) override;
  Task<Attachment> attach(Instance instance, CallOptions call) override;
  Task<void> stop(Instance instance, CallOptions call) override;
  Task<void> destroy(Instance instance, CallOptions call) override;
  Task<InstancePage> list(std::string ownerTag, std::string cursor, CallOptions call) override;
  Task<void> extend(Instance instance, std::chrono::milliseconds lifetime, CallOptions call) override;

 private:
  AccountPtr account_;
};

class Commands final : public CommandsApi {
 public:
  explicit Commands(AccountPtr account) : account_(std::move(account)) {}

  Task<CommandEnd> run(Instance instance,
                       CommandSpec command,
                       RunObserver& observer,
                       CallOptions call) override;

 private:
  AccountPtr account_;
};

class Files final : public guest::ScriptedFiles {
 public:
  explicit Files(AccountPtr account) : account_(std::move(account)) {}

  Task<void> read(Instance instance,
                  SandboxPath path,
                  std::uint64_t offset,
                  std::shared_ptr<ByteSink> sink,
                  CallOptions call) override;

 private:
  Task<guest::Printed> run(Instance instance,
                           std::string_view script,
                           std::vector<std::string> args,
                           CallOptions call) override;
  std::string newDirectory() override;
  Task<void> bring(Instance instance, std::string directory, http::TarItems items, CallOptions call) override;
  [[nodiscard]] std::string_view placeScript() const override;

  AccountPtr account_;
};

class Previews final : public PreviewsApi {
 public:
  explicit Previews(AccountPtr account) : account_(std::move(account)) {}

  Task<PreviewUrl> url(Instance instance, int port, CallOptions call) override;
  Task<bool> answers(Instance instance, int port, CallOptions call) override;

 private:
  AccountPtr account_;
};

class Forwarding final : public ForwardingApi {
 public:
  explicit Forwarding(AccountPtr account) : account_(std::move(account)) {}

  Task<void> connect(Instance instance,
                     int port,
                     std::shared_ptr<ByteSource> input,
                     std::shared_ptr<ByteSink> output,
                     CallOptions call) override;

 private:
  AccountPtr account_;
};

class Checkpoints final : public CheckpointsApi {
 public:
  explicit Checkpoints(AccountPtr account) : account_(std::move(account)) {}

  Task<CheckpointInfo> create(Instance instance, std::string comment, CallOptions call) override;
  Task<std::vector<CheckpointInfo>> list(Instance instance, CallOptions call) override;
  Task<Instance> restore(Instance instance, CheckpointId id, CallOptions call) override;
  Task<void> remove(Instance instance, CheckpointId id, CallOptions call) override;

 private:
  AccountPtr account_;
};

/// For `mooring doctor`.
Task<std::vector<Finding>> examine(AccountPtr account, CallOptions call);

}  // namespace mooring::sprites
