// The provider's interfaces to the control plane, one source file each. The toolbox's are run.hpp and
// files.hpp.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

namespace mooring::daytona {

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

class Previews final : public PreviewsApi {
 public:
  explicit Previews(AccountPtr account) : account_(std::move(account)) {}

  Task<PreviewUrl> url(Instance instance, int port, CallOptions call) override;
  Task<bool> answers(Instance instance, int port, CallOptions call) override;

 private:
  AccountPtr account_;
};

class DaytonaVolumes final : public VolumesApi {
 public:
  explicit DaytonaVolumes(AccountPtr account) : account_(std::move(account)) {}

  Task<VolumeInfo> ensure(std::string name, CallOptions call) override;
  Task<std::vector<VolumeInfo>> list(CallOptions call) override;
  Task<void> remove(std::string name, CallOptions call) override;

 private:
  AccountPtr account_;
};

/// For Provider::diagnose().
Task<std::vector<Finding>> examine(AccountPtr account, CallOptions call);

}  // namespace mooring::daytona
