#include "apis.hpp"
#include "definition.hpp"
#include "wire.hpp"

namespace mooring::vercel {

namespace {

class VercelProvider final : public Provider {
 public:
  explicit VercelProvider(AccountPtr account)
      : account_(account),
        capabilities_(capabilitiesWith(account->defaults)),
        lifecycle_(account),
        commands_(account),
        files_(account),
        previews_(account),
        volumes_(account),
        checkpoints_(account) {}

  [[nodiscard]] std::string_view name() const override { return Options::provider; }
  [[nodiscard]] const CapabilityTable& capabilities() const override { return capabilities_; }
  [[nodiscard]] Result<void> validate(const SandboxConfig& config) const override {
    const auto definition = define(config, account_->defaults);
    if (!definition) return std::unexpected(definition.error());
    const auto login = loginFor(*definition, account_->context.settings);
    if (!login) return std::unexpected(login.error());
    return {};
  }

  LifecycleApi& lifecycle() override { return lifecycle_; }
  CommandsApi& commands() override { return commands_; }
  FilesApi& files() override { return files_; }
  PreviewsApi* previews() override { return &previews_; }
  VolumesApi* volumes() override { return &volumes_; }
  CheckpointsApi* checkpoints() override { return &checkpoints_; }

  Task<std::vector<Finding>> diagnose(CallOptions call) override {
    return examine(account_, std::move(call));
  }

  std::any native(const Instance& instance) override {
    return Native{.name = instance.id.value,
                  .sessionId = sessionIdOf(instance),
                  .teamId = account_->teamId,
                  .projectId = account_->projectId,
                  .apiUrl = account_->apiUrl};
  }

 private:
  AccountPtr account_;
  CapabilityTable capabilities_;
  Lifecycle lifecycle_;
  Commands commands_;
  Files files_;
  Previews previews_;
  Volumes volumes_;
  Checkpoints checkpoints_;
};

Result<std::shared_ptr<Provider>> makeProvider(const ProviderContext& context) {
  auto account = makeAccount(context);
  if (!account) return std::unexpected(std::move(account).error());
  return std::make_shared<VercelProvider>(std::move(*account));
}

}  // namespace

void registerProvider(ProviderRegistry& registry) {
  registry.add(std::string(Options::provider), makeProvider);
}

}  // namespace mooring::vercel
