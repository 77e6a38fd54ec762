#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "errors.hpp"
#include "launcher.hpp"
#include "processes.hpp"

#include <unistd.h>

namespace mooring::local {

namespace {

constexpr std::size_t scratchSize = 65536;

CapabilityTable describeCapabilities() {
  using enum Capability;
  const auto native = [](const char* note) { return CapabilityInfo{Support::native, note}; };
  const auto lacking = [](const char* note) { return CapabilityInfo{Support::unsupported, note}; };
  CapabilityTable table;
  table[startedCommands] = native(
      "processes of the sandbox; their output is kept in files until it is destroyed");
  table[commandInput] = native("a pipe");
  table[volumes] = native("shared directories on this machine; not with isolation \"none\"");
  table[checkpoints] = native("copies of the workspace, sharing blocks where the file system can");
  table[checkpointRemoval] = native("deletes the copy");
  table[previews] = native("ports of this machine's loopback; not with the network blocked");
  table[portForwarding] = native("ports of this machine's loopback; not with the network blocked");
  table[resume] = native("the workspace and /var/tmp are kept; processes and /tmp are not");
  table[lifetime] = native("counted from each start; then it is stopped");
  table[idleTimeout] = native("no command and no request for that long; then it is stopped");
  table[extend] = native("from now on");
  table[vcpuLimit] = native("a control group's quota, else affinity to that many processors");
  table[memoryLimit] = native("a control group, else RLIMIT_AS for each process");
  table[diskLimit] = lacking("a directory has no size of its own");
  table[networkBlock] = native("a network namespace with nothing in it; not with isolation \"none\"");
  table[networkAllowList] = lacking("open or blocked only");
  table[images] = lacking("the programs are those of this machine's /usr");
  table[runtimes] = lacking("the programs are those of this machine's /usr");
  return table;
}

Finding good(std::string what) { return Finding{true, std::move(what), {}}; }
Finding bad(std::string what, std::string fix) { return Finding{false, std::move(what), std::move(fix)}; }

Finding lookAtDirectory(const Layout& layout) {
  // The nearest directory that exists is where the rest would be made.
  std::filesystem::path existing = layout.root();
  std::error_code ec;
  while (!std::filesystem::exists(existing, ec) && existing.has_parent_path() &&
         existing != existing.parent_path()) {
    existing = existing.parent_path();
  }
  if (::access(existing.c_str(), W_OK | X_OK) == 0)
    return good("sandboxes can be kept in " + layout.root().string());
  return bad(
      "sandboxes cannot be kept in " + layout.root().string() + ": " + existing.string() + " is not writable",
      "set MOORING_LOCAL_DIR to a directory that this user may write");
}

/// Says what limits would come of; makes no group.
Finding lookAtLimits() {
  const CgroupPlaces places = findCgroups();
  std::string how;
  for (const std::string controller : {"memory", "pids", "cpu"}) {
    const auto place = places.v1.find(controller);
    bool writable = place != places.v1.end() && ::access(place->second.c_str(), W_OK) == 0;
    for (const auto& candidate : places.v2) {
      const auto enabled = readText(candidate / "cgroup.subtree_control");
      const bool offered = enabled && enabled->find(controller) != std::string::npos;
      writable = writable || (offered && ::access((candidate / "cgroup.procs").c_str(), W_OK) == 0);
    }
    how += (how.empty() ? "" : ", ") + controller +
           (writable ? " by control group" : " by rlimit or affinity");
  }
  return good("limits: " + how);
}

std::vector<Finding> examine(const Site& site) {
  std::vector<Finding> findings;
  const auto bwrap = findBubblewrap(site.context.settings);
  if (!bwrap) {
    findings.push_back(bad("bubblewrap is not installed", bwrap.error().message));
  } else {
    findings.push_back(good("bubblewrap is " + bwrap->string()));
    const auto probed = probeNamespaces(site.context.settings);
    findings.push_back(probed ? good("namespaces can be made")
                              : bad("namespaces cannot be made", probed.error().message));
  }
  findings.push_back(lookAtDirectory(site.layout));
  findings.push_back(lookAtLimits());
  return findings;
}

class LocalProvider : public Provider {
 public:
  explicit LocalProvider(SitePtr site)
      : site_(site),
        lifecycle_(site),
        commands_(site),
        started_(site),
        files_(site),
        previews_(site),
        forwarding_(site),
        volumes_(site),
        checkpoints_(site) {}

  [[nodiscard]] std::string_view name() const override { return Options::provider; }
  [[nodiscard]] const CapabilityTable& capabilities() const override { return capabilities_; }
  [[nodiscard]] Result<void> validate(const SandboxConfig& config) const override {
    if (auto valid = validateConfig(config); !valid) return valid;
    if (optionsOf(config)->isolation == Isolation::none) return {};
    if (auto found = findBubblewrap(site_->context.settings); !found)
      return std::unexpected(std::move(found).error());
    return {};
  }

  LifecycleApi& lifecycle() override { return lifecycle_; }
  CommandsApi& commands() override { return commands_; }
  FilesApi& files() override { return files_; }
  StartedCommandsApi* startedCommands() override { return &started_; }
  PreviewsApi* previews() override { return &previews_; }
  ForwardingApi* forwarding() override { return &forwarding_; }
  VolumesApi* volumes() override { return &volumes_; }
  CheckpointsApi* checkpoints() override { return &checkpoints_; }

  Task<std::vector<Finding>> diagnose(CallOptions /*call*/) override {
    auto look = [site = site_] { return Result<std::vector<Finding>>(examine(*site)); };
    co_return co_await runBlocking(site_->context.blocking, std::move(look));
  }

  std::any native(const Instance& instance) override {
    const auto key = keyOf(instance);
    if (!key) return {};
    return Native{site_->layout.sandbox(*key), findProcesses(site_->layout, *key).supervisorPid};
  }

 private:
  SitePtr site_;
  CapabilityTable capabilities_ = describeCapabilities();
  Lifecycle lifecycle_;
  Commands commands_;
  StartedCommands started_;
  Files files_;
  LocalPreviews previews_;
  Forwarding forwarding_;
  LocalVolumes volumes_;
  Checkpoints checkpoints_;
};

Result<std::shared_ptr<Provider>> makeProvider(const ProviderContext& context) {
  auto layout = Layout::choose(context.settings, ::geteuid() == 0);
  if (!layout) return std::unexpected(std::move(layout).error());
  auto site = std::make_shared<Site>(context, std::move(*layout));
  site->scratch.resize(scratchSize);
  return std::make_shared<LocalProvider>(std::move(site));
}

}  // namespace

void registerProvider(ProviderRegistry& registry) {
  registry.add(std::string(Options::provider), makeProvider);
}

}  // namespace mooring::local
