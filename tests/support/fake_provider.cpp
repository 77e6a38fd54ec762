#include "support/fake_provider.hpp"

#include <spdlog/fmt/fmt.h>

#include <mutex>
#include <utility>

namespace mooring::test {
namespace {

std::unexpected<Error> goneError(const Instance& instance) {
  return failure(Errc::gone,
                 fmt::format("there is no instance \"{}\" ({})", instance.id.value, instance.provisionKey));
}

}  // namespace

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

// The inner provider

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
  if (!instance.connection.contains(FakeCloud::endpointKey)) {
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

// Provider

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

// LifecycleApi

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
      box.instance.connection[FakeCloud::endpointKey] = "fake://" + box.instance.id.value;
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

}  // namespace mooring::test
