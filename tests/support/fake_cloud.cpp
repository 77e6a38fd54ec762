#include "support/fake_cloud.hpp"

#include "support/fake_provider.hpp"
#include "support/tasks.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace mooring::test {
namespace {

Fault withError(Fault::Kind kind, Errc code, std::string message) {
  Fault fault;
  fault.kind = kind;
  fault.error = makeError(code, std::move(message));
  return fault;
}

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

Fault Fault::fail(Errc code, std::string message) { return withError(Kind::fail, code, std::move(message)); }
Fault Fault::loseReply(Errc code, std::string message) {
  return withError(Kind::loseReply, code, std::move(message));
}

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

}  // namespace mooring::test
