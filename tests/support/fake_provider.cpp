#include "support/fake_provider.hpp"

#include "support/tasks.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace mooring::test {
namespace {

constexpr std::string_view endpointKey = "endpoint";

std::unexpected<Error> goneError(const Instance& instance) {
  return failure(Errc::gone,
                 fmt::format("there is no instance \"{}\" ({})", instance.id.value, instance.provisionKey));
}

Fault withError(Fault::Kind kind, Errc code, std::string message) {
  Fault fault;
  fault.kind = kind;
  fault.error = makeError(code, std::move(message));
  return fault;
}

}  // namespace

Fault Fault::fail(Errc code, std::string message) { return withError(Kind::fail, code, std::move(message)); }
Fault Fault::loseReply(Errc code, std::string message) {
  return withError(Kind::loseReply, code, std::move(message));
}

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

/// Does for the test what happens behind the services' backs.
class FakeCloud::Janitor {
 public:
  Janitor(std::shared_ptr<Provider> worker, std::shared_ptr<detail::Engine> engine)
      : engine_(std::move(engine)), worker_(std::move(worker)) {}

  void clear(const std::string& key, bool keepFiles) {
    const CallOptions unlimited;
    Instance instance;
    instance.provisionKey = key;
    auto found = run(engine_, worker_->lifecycle().find(key, unlimited));
    if (found && *found) instance = **found;
    auto done = run(engine_,
                    keepFiles ? worker_->lifecycle().stop(instance, unlimited)
                              : worker_->lifecycle().destroy(instance, unlimited));
    if (!done && done.error().code != Errc::gone) throw std::runtime_error(describe(done.error()));
  }

 private:
  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<Provider> worker_;
};

// FakeCloud

namespace {

Result<std::shared_ptr<Provider>> makeWorker(const FakeOptions& options,
                                             ProviderContext context,
                                             const std::filesystem::path& home) {
  if (!options.worker) return std::shared_ptr<Provider>();
  std::map<std::string, std::string, std::less<>> variables{{"MOORING_LOCAL_DIR", home.string()}};
  for (const auto* name : {"PATH", "HOME", "TMPDIR"}) {
    if (auto value = context.settings.get(name)) variables.emplace(name, *value);
  }
  context.settings = Settings(std::move(variables));
  return options.worker(context);
}

}  // namespace

std::shared_ptr<FakeCloud> FakeCloud::make(FakeOptions options) {
  std::shared_ptr<FakeCloud> cloud(new FakeCloud(std::move(options)));
  if (cloud->options_.worker) {
    auto engine = detail::makeEngine();
    auto worker = makeWorker(
        cloud->options_, contextOn(engine, Settings::fromEnvironment()), cloud->home_.path());
    if (!worker) throw std::runtime_error("the fake cloud's worker: " + describe(worker.error()));
    cloud->janitor_ = std::make_unique<Janitor>(std::move(*worker), std::move(engine));
  }
  return cloud;
}

FakeCloud::FakeCloud(FakeOptions options) : options_(std::move(options)) {}

FakeCloud::~FakeCloud() {
  for (const auto& [key, box] : boxes_) {
    if (!box.worked || !janitor_) continue;
    try {
      janitor_->clear(key, false);
    } catch (const std::exception& e) {
      fmt::print(stderr, "the fake cloud could not clear {}: {}\n", key, e.what());
    }
  }
}

void FakeCloud::registerIn(ProviderRegistry& registry) {
  auto factory =
      [self = shared_from_this()](const ProviderContext& context) -> Result<std::shared_ptr<Provider>> {
    auto worker = makeWorker(self->options_, context, self->home_.path());
    if (!worker) return worker;
    return std::make_shared<FakeProvider>(self, std::move(*worker));
  };
  registry.add(options_.name, std::move(factory));
}

void FakeCloud::fault(FakeCall call, std::vector<Fault> faults) {
  const std::lock_guard lock(mutex_);
  auto& queue = faults_[call];
  std::ranges::move(faults, std::back_inserter(queue));
}

Fault FakeCloud::next(FakeCall call) {
  const std::lock_guard lock(mutex_);
  ++calls_[call];
  auto& queue = faults_[call];
  if (queue.empty()) return Fault::none();
  Fault fault = std::move(queue.front());
  queue.pop_front();
  return fault;
}

int FakeCloud::calls(FakeCall call) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

int FakeCloud::calls() const {
  const std::lock_guard lock(mutex_);
  int sum = 0;
  for (const auto& [call, count] : calls_)
    sum += count;
  return sum;
}

void FakeCloud::forgetCalls() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

void FakeCloud::answerWith(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

FakeLedger FakeCloud::ledger() const {
  const std::lock_guard lock(mutex_);
  return ledger_;
}

int FakeCloud::timesRun(std::string_view nonce) const {
  const auto has = [nonce](const std::string& text) { return text.find(nonce) != std::string::npos; };
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count_if(ledger_.commands, [&has](const FakeCommandRun& run) {
    return has(run.program) || std::ranges::any_of(run.args, has);
  }));
}

std::vector<std::string> FakeCloud::existing() const {
  const std::lock_guard lock(mutex_);
  const auto keys = boxes_ | std::views::keys;
  return {keys.begin(), keys.end()};
}

std::optional<InstanceState> FakeCloud::stateOf(std::string_view provisionKey) const {
  const auto box = boxByKey(provisionKey);
  if (!box) return std::nullopt;
  return box->instance.state;
}

bool FakeCloud::vanish(std::string_view provisionKey) {
  std::optional<Box> box;
  {
    const std::lock_guard lock(mutex_);
    const auto found = boxes_.find(provisionKey);
    if (found == boxes_.end()) return false;
    box = found->second;
    boxes_.erase(found);
  }
  if (box->worked) janitor_->clear(box->instance.provisionKey, false);
  return true;
}

bool FakeCloud::putToSleep(std::string_view provisionKey) {
  bool worked = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = boxes_.find(provisionKey);
    if (found == boxes_.end()) return false;
    found->second.instance.state = InstanceState::stopped;
    worked = found->second.worked;
  }
  if (worked) janitor_->clear(std::string(provisionKey), true);
  return true;
}

ExternalSandboxId FakeCloud::plant(std::string provisionKey, std::string ownerTag) {
  const std::lock_guard lock(mutex_);
  Box box;
  box.instance.id = ExternalSandboxId(fmt::format("fake-{:04}", ++made_));
  box.instance.provisionKey = provisionKey;
  box.instance.connection[endpointKey] = "fake://" + box.instance.id.value;
  box.ownerTag = std::move(ownerTag);
  auto id = box.instance.id;
  boxes_.insert_or_assign(std::move(provisionKey), std::move(box));
  return id;
}

void FakeCloud::hideFromList(std::string provisionKey) {
  const std::lock_guard lock(mutex_);
  if (const auto found = boxes_.find(provisionKey); found != boxes_.end()) found->second.hidden = true;
}

std::optional<FakeCloud::Box> FakeCloud::boxByKey(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = boxes_.find(key);
  if (found == boxes_.end()) return std::nullopt;
  return found->second;
}

std::optional<FakeCloud::Box> FakeCloud::boxById(const ExternalSandboxId& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, box] : boxes_) {
    if (box.instance.id == id) return box;
  }
  return std::nullopt;
}

// FakeProvider: faults

Task<Fault> FakeProvider::meet(FakeCall call, Instance instance) {
  Fault fault = cloud_->next(call);
  const auto key = keyOf(instance);
  switch (fault.kind) {
    case Fault::Kind::none:
    case Fault::Kind::loseReply:
    case Fault::Kind::blockAfter:
      break;
    case Fault::Kind::fail:
      co_return std::unexpected(fault.error);
    case Fault::Kind::vanish:
      if (key) {
        auto cleared = co_await clearWorkplace(*key, false);
        if (!cleared) co_return std::unexpected(std::move(cleared).error());
        const std::lock_guard lock(cloud_->mutex_);
        cloud_->boxes_.erase(*key);
      }
      break;
    case Fault::Kind::sleep:
      if (key) {
        auto cleared = co_await clearWorkplace(*key, true);
        if (!cleared) co_return std::unexpected(std::move(cleared).error());
        const std::lock_guard lock(cloud_->mutex_);
        cloud_->boxes_[*key].instance.state = InstanceState::stopped;
      }
      break;
    case Fault::Kind::block: {
      auto passed = co_await fault.gate->pass();
      if (!passed) co_return std::unexpected(std::move(passed).error());
      break;
    }
  }
  co_return fault;
}

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

// FakeProvider: the inner provider

Result<std::string> FakeProvider::keyOf(const Instance& instance) const {
  if (instance.id.empty()) {
    if (cloud_->boxByKey(instance.provisionKey)) return instance.provisionKey;
    return goneError(instance);
  }
  const auto box = cloud_->boxById(instance.id);
  if (!box) return goneError(instance);
  return box->instance.provisionKey;
}

bool FakeProvider::runs(const Instance& instance) const {
  const auto box = cloud_->boxById(instance.id);
  return box && box->instance.state == InstanceState::running;
}

Task<Instance> FakeProvider::workplace(Instance instance) {
  // The facts that were given out must come back: a caller that drops them breaks providers that need them.
  if (!instance.connection.contains(endpointKey)) {
    co_return failure(Errc::internal,
                      "the caller did not hand back the connection facts of " + instance.id.value);
  }
  const auto box = cloud_->boxById(instance.id);
  if (!box) co_return goneError(instance);
  if (box->instance.state != InstanceState::running) {
    co_return failure(Errc::notRunning, instance.id.value + " is asleep");
  }
  if (!worker_) co_return failure(Errc::unsupported, "this fake cloud has nobody to do real work");

  const CallOptions unlimited;
  ProvisionRequest request;
  request.provisionKey = box->instance.provisionKey;
  request.ownerTag = "fake-cloud";
  request.config.provider = std::string(worker_->name());
  if (!cloud_->options_.workerOptions.empty()) {
    request.config.options[worker_->name()] = cloud_->options_.workerOptions;
  }
  auto inner = co_await worker_->lifecycle().provision(std::move(request), unlimited);
  if (!inner) co_return std::unexpected(withContext(std::move(inner).error(), "the fake cloud's worker"));
  if (inner->state != InstanceState::running) {
    auto attached = co_await worker_->lifecycle().attach(*inner, unlimited);
    if (!attached)
      co_return std::unexpected(withContext(std::move(attached).error(), "the fake cloud's worker"));
    *inner = std::move(attached->instance);
  }
  const std::lock_guard lock(cloud_->mutex_);
  const auto found = cloud_->boxes_.find(box->instance.provisionKey);
  if (found != cloud_->boxes_.end()) found->second.worked = true;
  co_return inner;
}

Task<void> FakeProvider::clearWorkplace(std::string key, bool keepFiles) {
  const auto box = cloud_->boxByKey(key);
  if (!box || !box->worked || !worker_) co_return Result<void>();
  const CallOptions unlimited;
  auto inner = co_await worker_->lifecycle().find(key, unlimited);
  if (!inner) co_return std::unexpected(std::move(inner).error());
  if (!*inner) co_return Result<void>();
  if (keepFiles) co_return co_await worker_->lifecycle().stop(std::move(**inner), unlimited);
  co_return co_await worker_->lifecycle().destroy(std::move(**inner), unlimited);
}

// FakeProvider: Provider

Result<void> FakeProvider::validate(const SandboxConfig& config) const {
  const auto refuse = [this](bool asked, Capability needed, std::string_view member) -> std::optional<Error> {
    if (!asked || offers(needed)) return std::nullopt;
    return makeError(Errc::unsupported,
                     fmt::format("{}: provider {} does not offer {}", member, name(), toString(needed)));
  };
  const auto& wants = config.resources;
  for (auto refused : {
           refuse(!config.volumes.empty(), Capability::volumes, "volumes"),
           refuse(!config.ports.empty(), Capability::previews, "ports"),
           refuse(config.timeout.count() > 0, Capability::lifetime, "timeout"),
           refuse(config.idleTimeout.count() > 0, Capability::idleTimeout, "idleTimeout"),
           refuse(wants.vcpus.has_value(), Capability::vcpuLimit, "resources.vcpus"),
           refuse(wants.memoryMib.has_value(), Capability::memoryLimit, "resources.memoryMib"),
           refuse(wants.diskGib.has_value(), Capability::diskLimit, "resources.diskGib"),
           refuse(config.network.mode == NetworkMode::blocked, Capability::networkBlock, "network.mode"),
           refuse(
               config.network.mode == NetworkMode::allowList, Capability::networkAllowList, "network.mode"),
           refuse(!config.image.empty(), Capability::images, "image"),
           refuse(!config.runtime.empty(), Capability::runtimes, "runtime"),
       }) {
    if (refused) return std::unexpected(std::move(*refused));
  }
  for (const auto& [provider, options] : config.options) {
    const std::string key(provider);
    if (key != name())
      return failure(Errc::invalidArgument, "options." + key + ": this is provider " + std::string(name()));
    if (!options.is_object()) return failure(Errc::invalidArgument, "options." + key + ": not an object");
    for (const auto& [option, value] : options.get_object()) {
      return failure(Errc::invalidArgument,
                     "options." + key + "." + std::string(option) + ": no such option");
    }
  }
  return {};
}

Task<std::vector<Finding>> FakeProvider::diagnose(CallOptions) {
  std::vector<Finding> findings;
  Finding finding;
  finding.good = true;
  finding.what = "a fake cloud needs nothing";
  findings.push_back(std::move(finding));
  co_return findings;
}

// FakeProvider: LifecycleApi

Task<Instance> FakeProvider::provision(ProvisionRequest request, CallOptions) {
  Instance named;
  named.provisionKey = request.provisionKey;
  auto fault = co_await meet(FakeCall::provision, std::move(named));
  if (!fault) co_return std::unexpected(std::move(fault).error());
  Instance instance;
  {
    const std::lock_guard lock(cloud_->mutex_);
    auto [at, isNew] = cloud_->boxes_.try_emplace(request.provisionKey);
    auto& box = at->second;
    if (isNew) {
      box.instance.id = ExternalSandboxId(fmt::format("fake-{:04}", ++cloud_->made_));
      box.instance.provisionKey = request.provisionKey;
      box.instance.url = "https://fake.invalid/" + box.instance.id.value;
      box.instance.connection[endpointKey] = "fake://" + box.instance.id.value;
      box.ownerTag = request.ownerTag;
      box.config = request.config;
      cloud_->ledger_.provisioned.push_back(request.provisionKey);
    }
    box.instance.state = InstanceState::running;
    instance = box.instance;
  }
  Result<Instance> result(std::move(instance));
  co_return co_await leave<Instance>(std::move(*fault), std::move(result));
}

Task<std::optional<Instance>> FakeProvider::find(std::string key, CallOptions) {
  Instance named;
  named.provisionKey = key;
  auto fault = co_await meet(FakeCall::find, std::move(named));
  if (!fault) co_return std::unexpected(std::move(fault).error());
  Result<std::optional<Instance>> result;
  if (const auto box = cloud_->boxByKey(key)) *result = box->instance;
  co_return co_await leave<std::optional<Instance>>(std::move(*fault), std::move(result));
}

Task<std::optional<Instance>> FakeProvider::inspect(ExternalSandboxId id, CallOptions) {
  Instance named;
  named.id = id;
  auto fault = co_await meet(FakeCall::inspect, std::move(named));
  if (!fault) co_return std::unexpected(std::move(fault).error());
  Result<std::optional<Instance>> result;
  if (const auto box = cloud_->boxById(id)) *result = box->instance;
  co_return co_await leave<std::optional<Instance>>(std::move(*fault), std::move(result));
}

Task<Attachment> FakeProvider::attach(Instance instance, CallOptions) {
  auto fault = co_await meet(FakeCall::attach, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  Result<Attachment> result;
  if (const auto key = keyOf(instance)) {
    const std::lock_guard lock(cloud_->mutex_);
    auto& box = cloud_->boxes_[*key];
    result->woken = box.instance.state == InstanceState::stopped;
    if (result->woken) cloud_->ledger_.woken.push_back(*key);
    box.instance.state = InstanceState::running;
    result->instance = box.instance;
  } else {
    result = std::unexpected(key.error());
  }
  co_return co_await leave<Attachment>(std::move(*fault), std::move(result));
}

Task<void> FakeProvider::stop(Instance instance, CallOptions) {
  auto fault = co_await meet(FakeCall::stop, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  const auto key = keyOf(instance);
  if (!key) co_return std::unexpected(key.error());
  auto cleared = co_await clearWorkplace(*key, true);
  {
    const std::lock_guard lock(cloud_->mutex_);
    auto& state = cloud_->boxes_[*key].instance.state;
    if (state == InstanceState::running) cloud_->ledger_.stopped.push_back(*key);
    state = InstanceState::stopped;
  }
  co_return co_await leave<void>(std::move(*fault), std::move(cleared));
}

Task<void> FakeProvider::destroy(Instance instance, CallOptions) {
  auto fault = co_await meet(FakeCall::destroy, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  Result<void> result;
  if (const auto key = keyOf(instance)) {
    result = co_await clearWorkplace(*key, false);
    const std::lock_guard lock(cloud_->mutex_);
    if (cloud_->boxes_.erase(*key) > 0) cloud_->ledger_.destroyed.push_back(*key);
  }
  co_return co_await leave<void>(std::move(*fault), std::move(result));
}

Task<InstancePage> FakeProvider::list(std::string ownerTag, std::string cursor, CallOptions) {
  Instance nobody;
  auto fault = co_await meet(FakeCall::list, std::move(nobody));
  if (!fault) co_return std::unexpected(std::move(fault).error());
  // Two a page, so that callers who forget the cursor are found out.
  constexpr std::size_t pageSize = 2;
  Result<InstancePage> result;
  {
    const std::lock_guard lock(cloud_->mutex_);
    for (auto at = cloud_->boxes_.upper_bound(cursor); at != cloud_->boxes_.end(); ++at) {
      if (at->second.ownerTag != ownerTag || at->second.hidden) continue;
      if (result->instances.size() == pageSize) {
        result->nextCursor = result->instances.back().provisionKey;
        break;
      }
      result->instances.push_back(at->second.instance);
    }
  }
  co_return co_await leave<InstancePage>(std::move(*fault), std::move(result));
}

Task<void> FakeProvider::extend(Instance instance, std::chrono::milliseconds, CallOptions) {
  auto fault = co_await meet(FakeCall::extend, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  if (!offers(Capability::extend))
    co_return failure(Errc::unsupported, "a fake cloud's instances have no end");
  Result<void> result;
  if (const auto key = keyOf(instance); !key) result = std::unexpected(key.error());
  co_return co_await leave<void>(std::move(*fault), std::move(result));
}

// FakeProvider: CommandsApi

void FakeProvider::noteCommand(const Instance& instance, const CommandSpec& command) {
  const auto key = keyOf(instance);
  const std::lock_guard lock(cloud_->mutex_);
  FakeCommandRun run;
  if (key) run.provisionKey = *key;
  run.program = command.program;
  run.args = command.args;
  cloud_->ledger_.commands.push_back(std::move(run));
}

Task<CommandEnd> FakeProvider::run(Instance instance,
                                   CommandSpec command,
                                   RunObserver& observer,
                                   CallOptions call) {
  auto fault = co_await meet(FakeCall::run, instance);
  if (!fault) co_return std::unexpected(std::move(fault).error());
  FakeCloud::Answer answer;
  {
    const std::lock_guard lock(cloud_->mutex_);
    answer = cloud_->answer_;
  }
  Result<CommandEnd> result;
  if (answer) {
    const auto key = keyOf(instance);
    if (!key) co_return std::unexpected(key.error());
    if (!runs(instance)) co_return failure(Errc::notRunning, instance.id.value + " is asleep");
    noteCommand(instance, command);
    result = answer(command, observer);
  } else {
    auto place = co_await workplace(instance);
    if (!place) co_return std::unexpected(std::move(place).error());
    noteCommand(instance, command);
    result = co_await worker_->commands().run(
        std::move(*place), std::move(command), observer, std::move(call));
    const bool cutOff = !runs(instance) && !(result && result->interrupted);
    if (cutOff)
      result = failure(Errc::outcomeUnknown, instance.id.value + " went away while a command ran in it");
  }
  co_return co_await leave<CommandEnd>(std::move(*fault), std::move(result));
}

// FakeProvider: StartedCommandsApi

Task<ExternalCommandId> FakeProvider::start(Instance instance,
                                            CommandId key,
                                            CommandSpec command,
                                            CallOptions call) {
  auto work = [this, instance, key, command, call](Instance place) mutable {
    noteCommand(instance, command);
    return worker_->startedCommands()->start(
        std::move(place), std::move(key), std::move(command), std::move(call));
  };
  co_return co_await guarded<ExternalCommandId>(FakeCall::start, instance, std::move(work));
}

Task<std::optional<ExternalCommandId>> FakeProvider::find(Instance instance,
                                                          CommandId key,
                                                          CallOptions call) {
  auto work = [this, key, call](Instance place) mutable {
    return worker_->startedCommands()->find(std::move(place), std::move(key), std::move(call));
  };
  co_return co_await guarded<std::optional<ExternalCommandId>>(
      FakeCall::findStarted, instance, std::move(work));
}

Task<StartedState> FakeProvider::poll(Instance instance, ExternalCommandId id, CallOptions call) {
  auto work = [this, id, call](Instance place) mutable {
    return worker_->startedCommands()->poll(std::move(place), std::move(id), std::move(call));
  };
  co_return co_await guarded<StartedState>(FakeCall::poll, instance, std::move(work));
}

Task<StartedState> FakeProvider::wait(Instance instance, ExternalCommandId id, CallOptions call) {
  auto work = [this, id, call](Instance place) mutable {
    return worker_->startedCommands()->wait(std::move(place), std::move(id), std::move(call));
  };
  co_return co_await guarded<StartedState>(FakeCall::wait, instance, std::move(work));
}

Task<OutputChunk> FakeProvider::output(Instance instance,
                                       ExternalCommandId id,
                                       Stream stream,
                                       std::uint64_t offset,
                                       std::size_t maxBytes,
                                       bool follow,
                                       CallOptions call) {
  auto work = [this, id, stream, offset, maxBytes, follow, call](Instance place) mutable {
    return worker_->startedCommands()->output(
        std::move(place), std::move(id), stream, offset, maxBytes, follow, std::move(call));
  };
  co_return co_await guarded<OutputChunk>(FakeCall::output, instance, std::move(work));
}

Task<void> FakeProvider::kill(Instance instance, ExternalCommandId id, int signal, CallOptions call) {
  auto work = [this, id, signal, call](Instance place) mutable {
    return worker_->startedCommands()->kill(std::move(place), std::move(id), signal, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::kill, instance, std::move(work));
}

Task<void> FakeProvider::writeInput(
    Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions call) {
  auto work = [this, id, bytes, close, call](Instance place) mutable {
    return worker_->startedCommands()->writeInput(
        std::move(place), std::move(id), std::move(bytes), close, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::writeInput, instance, std::move(work));
}

// FakeProvider: FilesApi

Task<void> FakeProvider::read(Instance instance,
                              SandboxPath path,
                              std::uint64_t offset,
                              std::shared_ptr<ByteSink> sink,
                              CallOptions call) {
  auto work = [this, path, offset, sink, call](Instance place) mutable {
    return worker_->files().read(std::move(place), std::move(path), offset, std::move(sink), std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::read, instance, std::move(work));
}

Task<void> FakeProvider::write(Instance instance,
                               SandboxPath path,
                               std::shared_ptr<ByteSource> source,
                               WriteOptions options,
                               CallOptions call) {
  auto work = [this, path, source, options, call](Instance place) mutable {
    return worker_->files().write(
        std::move(place), std::move(path), std::move(source), options, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::write, instance, std::move(work));
}

Task<std::vector<FileInfo>> FakeProvider::list(Instance instance, SandboxPath path, CallOptions call) {
  auto work = [this, path, call](Instance place) mutable {
    return worker_->files().list(std::move(place), std::move(path), std::move(call));
  };
  co_return co_await guarded<std::vector<FileInfo>>(FakeCall::listFiles, instance, std::move(work));
}

Task<FileInfo> FakeProvider::stat(Instance instance, SandboxPath path, CallOptions call) {
  auto work = [this, path, call](Instance place) mutable {
    return worker_->files().stat(std::move(place), std::move(path), std::move(call));
  };
  co_return co_await guarded<FileInfo>(FakeCall::stat, instance, std::move(work));
}

Task<void> FakeProvider::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().makeDirectory(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::makeDirectory, instance, std::move(work));
}

Task<void> FakeProvider::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().remove(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::remove, instance, std::move(work));
}

Task<void> FakeProvider::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) {
  auto work = [this, from, to, call](Instance place) mutable {
    return worker_->files().move(std::move(place), std::move(from), std::move(to), std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::move, instance, std::move(work));
}

Task<void> FakeProvider::setMode(Instance instance, SandboxPath path, int mode, CallOptions call) {
  auto work = [this, path, mode, call](Instance place) mutable {
    return worker_->files().setMode(std::move(place), std::move(path), mode, std::move(call));
  };
  co_return co_await guarded<void>(FakeCall::setMode, instance, std::move(work));
}

}  // namespace mooring::test
