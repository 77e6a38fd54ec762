#include "provider.hpp"

#include "apis.hpp"
#include "definition.hpp"
#include "files.hpp"
#include "native_calls.hpp"
#include "run.hpp"

namespace mooring::daytona {

namespace {

class DaytonaProvider final : public Provider {
 public:
  explicit DaytonaProvider(AccountPtr account)
      : account_(account),
        capabilities_(capabilitiesWith(account->defaults)),
        lifecycle_(account),
        commands_(account),
        files_(account),
        previews_(account),
        volumes_(account) {}

  [[nodiscard]] std::string_view name() const override { return Options::provider; }
  [[nodiscard]] const CapabilityTable& capabilities() const override { return capabilities_; }
  [[nodiscard]] Result<void> validate(const SandboxConfig& config) const override {
    auto defined = define(config, account_->defaults);
    if (!defined) return std::unexpected(std::move(defined).error());
    return {};
  }

  LifecycleApi& lifecycle() override { return lifecycle_; }
  CommandsApi& commands() override { return commands_; }
  FilesApi& files() override { return files_; }
  PreviewsApi* previews() override { return &previews_; }
  VolumesApi* volumes() override { return &volumes_; }

  Task<std::vector<Finding>> diagnose(CallOptions call) override {
    return examine(account_, std::move(call));
  }
  std::any native(const Instance& instance) override { return nativeFor(account_, instance); }

 private:
  AccountPtr account_;
  CapabilityTable capabilities_;
  Lifecycle lifecycle_;
  Commands commands_;
  Files files_;
  Previews previews_;
  DaytonaVolumes volumes_;
};

}  // namespace

Result<std::shared_ptr<Provider>> makeProvider(const ProviderContext& context, AccountParts parts) {
  auto account = makeAccount(context, std::move(parts));
  if (!account) return std::unexpected(std::move(account).error());
  return std::make_shared<DaytonaProvider>(std::move(*account));
}

void registerProvider(ProviderRegistry& registry) {
  registry.add(std::string(Options::provider),
               [](const ProviderContext& context) { return makeProvider(context, AccountParts()); });
}

}  // namespace mooring::daytona
