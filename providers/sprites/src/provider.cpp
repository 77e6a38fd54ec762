#include "apis.hpp"
#include "definition.hpp"
#include "native.hpp"

namespace mooring::sprites {

namespace {

class SpritesProvider final : public Provider {
 public:
  explicit SpritesProvider(AccountPtr account)
      : account_(account),
        capabilities_(capabilitiesWith(account->defaults)),
        lifecycle_(account),
        commands_(account),
        files_(account),
        previews_(account),
        forwarding_(account),
        checkpoints_(account) {}

  [[nodiscard]] std::string_view name() const override { return Options::provider; }
  [[nodiscard]] const CapabilityTable& capabilities() const override { return capabilities_; }
  [[nodiscard]] Result<void> validate(const SandboxConfig& config) const override {
    const auto definition = define(config, account_->defaults);
    if (!definition) return std::unexpected(definition.error());
    return {};
  }

  LifecycleApi& lifecycle() override { return lifecycle_; }
  CommandsApi& commands() override { return commands_; }
  FilesApi& files() override { return files_; }
  PreviewsApi* previews() override { return &previews_; }
  ForwardingApi* forwarding() override { return &forwarding_; }
  CheckpointsApi* checkpoints() override { return &checkpoints_; }

  Task<std::vector<Finding>> diagnose(CallOptions call) override {
    return examine(account_, std::move(call));
  }

  std::any native(const Instance& instance) override {
    return Native(std::make_shared<const NativeParts>(NativeParts{account_, instance}));
  }

 private:
  AccountPtr account_;
  CapabilityTable capabilities_;
  Lifecycle lifecycle_;
  Commands commands_;
  Files files_;
  Previews previews_;
  Forwarding forwarding_;
  Checkpoints checkpoints_;
};

Result<std::shared_ptr<Provider>> makeProvider(const ProviderContext& context) {
  auto account = makeAccount(context);
  if (!account) return std::unexpected(std::move(account).error());
  return std::make_shared<SpritesProvider>(std::move(*account));
}

}  // namespace

void registerProvider(ProviderRegistry& registry) {
  registry.add(std::string(Options::provider), makeProvider);
}

}  // namespace mooring::sprites
