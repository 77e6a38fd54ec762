// The provider's interfaces, one source file each.
#pragma once

#include <mooring/provider.hpp>

#include "site.hpp"

namespace mooring::local {

class Lifecycle : public LifecycleApi {
 public:
  explicit Lifecycle(SitePtr site) : site_(std::move(site)) {}

  Task<Instance> provision(ProvisionRequest request, CallOptions call) override;
  Task<std::optional<Instance>> find(std::string provisionKey, CallOptions call) override;
  Task<std::optional<Instance>> inspect(ExternalSandboxId id, CallOptions call) override;
  Task<Attachment> attach(Instance instance, CallOptions call) override;
  Task<void> stop(Instance instance, CallOptions call) override;
  Task<void> destroy(Instance instance, CallOptions call) override;
  Task<InstancePage> list(std::string ownerTag, std::string cursor, CallOptions call) override;
  Task<void> extend(Instance instance, std::chrono::milliseconds lifetime, CallOptions call) override;

 private:
  SitePtr site_;
};

class Commands : public CommandsApi {
 public:
  explicit Commands(SitePtr site) : site_(std::move(site)) {}

  Task<CommandEnd> run(Instance instance,
                       CommandSpec command,
                       RunObserver& observer,
                       CallOptions call) override;

 private:
  SitePtr site_;
};

class StartedCommands : public StartedCommandsApi {
 public:
  explicit StartedCommands(SitePtr site) : site_(std::move(site)) {}

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
  SitePtr site_;
};

class Files : public FilesApi {
 public:
  explicit Files(SitePtr site) : site_(std::move(site)) {}

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
  Task<void> writeMany(Instance instance,
                       std::function<std::optional<FileUpload>()> next,
                       CallOptions call) override;
  Task<std::vector<FileInfo>> list(Instance instance, SandboxPath path, CallOptions call) override;
  Task<FileInfo> stat(Instance instance, SandboxPath path, CallOptions call) override;
  Task<void> makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) override;
  Task<void> remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) override;
  Task<void> move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) override;
  Task<void> setMode(Instance instance, SandboxPath path, int mode, CallOptions call) override;

 private:
  SitePtr site_;
};

class LocalPreviews : public PreviewsApi {
 public:
  explicit LocalPreviews(SitePtr site) : site_(std::move(site)) {}

  Task<PreviewUrl> url(Instance instance, int port, CallOptions call) override;
  Task<bool> answers(Instance instance, int port, CallOptions call) override;

 private:
  SitePtr site_;
};

class Forwarding : public ForwardingApi {
 public:
  explicit Forwarding(SitePtr site) : site_(std::move(site)) {}

  Task<void> connect(Instance instance,
                     int port,
                     std::shared_ptr<ByteSource> input,
                     std::shared_ptr<ByteSink> output,
                     CallOptions call) override;

 private:
  SitePtr site_;
};

class LocalVolumes : public VolumesApi {
 public:
  explicit LocalVolumes(SitePtr site) : site_(std::move(site)) {}

  Task<VolumeInfo> ensure(std::string name, CallOptions call) override;
  Task<std::vector<VolumeInfo>> list(CallOptions call) override;
  Task<void> remove(std::string name, CallOptions call) override;

 private:
  SitePtr site_;
};

class Checkpoints : public CheckpointsApi {
 public:
  explicit Checkpoints(SitePtr site) : site_(std::move(site)) {}

  Task<CheckpointInfo> create(Instance instance, std::string comment, CallOptions call) override;
  Task<std::vector<CheckpointInfo>> list(Instance instance, CallOptions call) override;
  Task<Instance> restore(Instance instance, CheckpointId id, CallOptions call) override;
  Task<void> remove(Instance instance, CheckpointId id, CallOptions call) override;

 private:
  SitePtr site_;
};

/// Loads what the instance is. Errors: gone, corrupted.
Task<Definition> definitionOf(SitePtr site, Instance instance);
/// Ends what an interrupted restore() began. The sandbox's lock is held and it does not run. Blocks.
Result<void> settleRestore(const Layout& layout, const std::string& key);

}  // namespace mooring::local
