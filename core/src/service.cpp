#include <mooring/service.hpp>

#include "core.hpp"
#include "create.hpp"
#include "recover.hpp"
#include "volume_name.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

namespace mooring {

using detail::CorePtr;

namespace {

Result<CorePtr> makeCore(detail::Engine& engine, ServiceParts parts) {
  if (!parts.store) return failure(Errc::invalidArgument, "a service needs a record store");
  if (parts.leaseDuration < std::chrono::milliseconds(30)) {
    return failure(Errc::invalidArgument, "leaseDuration must be at least 30 ms");
  }
  if (!parts.clock) parts.clock = systemClock();
  if (!parts.ids) parts.ids = systemIds(parts.clock);
  if (!parts.random) parts.random = systemRandom();
  if (!parts.log)
    parts.log = std::make_shared<spdlog::logger>("mooring", std::make_shared<spdlog::sinks::null_sink_mt>());
  if (parts.ownerTag.empty()) {
    auto deployment = parts.store->deploymentId();
    if (!deployment) return std::unexpected(std::move(deployment).error());
    parts.ownerTag = std::move(*deployment);
  }
  auto core = std::make_shared<detail::Core>();
  core->loop = loopOf(engine);
  core->storeThread = storeThreadOf(engine);
  core->blockingThreads = blockingThreadsOf(engine);
  core->ownerTag = parts.ownerTag;
  core->leaseOwner = std::to_string(::getpid()) + "-" + parts.ids->uuid();
  core->parts = std::move(parts);
  return core;
}

Task<SandboxPage> listRecords(CorePtr core, RecordFilter filter, PageRequest page) {
  if (page.limit < 1 || page.limit > 1000) {
    co_return failure(Errc::invalidArgument,
                      "a page holds 1 to 1000 records, not " + std::to_string(page.limit));
  }
  auto read = [filter = std::move(filter), page = std::move(page)](RecordStore& store) {
    return store.list(filter, page);
  };
  co_return co_await withStore(core, std::move(read));
}

Task<std::int64_t> countRecords(CorePtr core, RecordFilter filter) {
  auto read = [filter = std::move(filter)](RecordStore& store) { return store.count(filter); };
  co_return co_await withStore(core, std::move(read));
}

Task<std::vector<ProviderDescription>> describeProviders(CorePtr core, CallOptions call) {
  std::vector<ProviderDescription> out;
  for (const auto& name : core->parts.providers.names()) {
    ProviderDescription description;
    description.name = name;
    auto provider = providerNamed(*core, name);
    if (provider) {
      description.capabilities = (*provider)->capabilities();
      auto findings = co_await (*provider)->diagnose(call);
      if (findings) {
        description.findings = std::move(*findings);
      } else {
        description.unusable = std::move(findings).error();
      }
    } else {
      description.unusable = std::move(provider).error();
    }
    out.push_back(std::move(description));
  }
  co_return out;
}

/// A provider's volumes, or why there are none.
Result<std::pair<std::shared_ptr<Provider>, VolumesApi*>> volumesOf(detail::Core& core,
                                                                    const std::string& wanted) {
  SandboxConfig config;
  config.provider = wanted;
  const auto name = chooseProvider(config, core.parts.settings);
  auto provider = providerNamed(core, name);
  if (!provider) return std::unexpected(std::move(provider).error());
  auto* api = (*provider)->volumes();
  if (api == nullptr) return failure(Errc::unsupported, "provider " + name + " has no volumes");
  return std::pair(std::move(*provider), api);
}

Task<VolumeInfo> ensureVolume(CorePtr core, std::string provider, std::string name, CallOptions call) {
  if (auto named = detail::checkVolumeName(name); !named) co_return std::unexpected(std::move(named).error());
  auto api = volumesOf(*core, provider);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await api->second->ensure(std::move(name), std::move(call));
}

Task<std::vector<VolumeInfo>> listVolumes(CorePtr core, std::string provider, CallOptions call) {
  auto api = volumesOf(*core, provider);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await api->second->list(std::move(call));
}

Task<void> removeVolume(CorePtr core, std::string provider, std::string name, CallOptions call) {
  if (auto named = detail::checkVolumeName(name); !named) co_return std::unexpected(std::move(named).error());
  auto api = volumesOf(*core, provider);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await api->second->remove(std::move(name), std::move(call));
}

/// The handle is made by the caller: a body must not own the engine that runs it.
Task<Sandbox> createHandle(CorePtr core,
                           std::weak_ptr<detail::Engine> engine,
                           SandboxConfig config,
                           CallOptions call) {
  auto id = co_await createSandbox(core, std::move(config), std::move(call));
  if (!id) co_return std::unexpected(std::move(id).error());
  detail::Handle handle;
  handle.engine = engine.lock();
  handle.core = core;
  co_return Sandbox(std::move(handle), std::move(*id));
}

}  // namespace

SandboxService::SandboxService(detail::Handle handle) : handle_(std::move(handle)) {}

Result<SandboxService> SandboxService::open(ServiceParts parts) {
  detail::Handle handle;
  handle.engine = detail::makeEngine();
  auto core = makeCore(*handle.engine, std::move(parts));
  if (!core) return std::unexpected(std::move(core).error());
  handle.core = std::move(*core);
  return SandboxService(std::move(handle));
}

Operation<Sandbox> SandboxService::create(SandboxConfig config, CallOptions call) const {
  std::weak_ptr<detail::Engine> engine = handle_.engine;
  return {handle_.engine, call, [core = handle_.core, engine, config = std::move(config), call]() mutable {
            return createHandle(core, engine, std::move(config), call);
          }};
}

Sandbox SandboxService::sandbox(SandboxId id) const { return {handle_, std::move(id)}; }
StartedCommand SandboxService::command(CommandId id) const { return {handle_, std::move(id)}; }

Operation<SandboxRecord> SandboxService::get(SandboxId id, CallOptions call) const {
  return sandbox(std::move(id)).record(call);
}

Operation<SandboxPage> SandboxService::list(RecordFilter filter, PageRequest page, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, filter = std::move(filter), page = std::move(page)] {
            return listRecords(core, filter, page);
          }};
}

Operation<std::int64_t> SandboxService::count(RecordFilter filter, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, filter = std::move(filter)] {
            return countRecords(core, filter);
          }};
}

Operation<std::vector<RecoveryStep>> SandboxService::plan(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, call] { return planRecovery(core, call); }};
}

Operation<RecoveryReport> SandboxService::recover(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, call] { return recoverAll(core, call); }};
}

Operation<std::vector<ProviderDescription>> SandboxService::providers(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, call] { return describeProviders(core, call); }};
}

Volumes SandboxService::volumes(std::string provider) const { return {handle_, std::move(provider)}; }

Volumes::Volumes(detail::Handle handle, std::string provider)
    : handle_(std::move(handle)), provider_(std::move(provider)) {}

Operation<VolumeInfo> Volumes::ensure(std::string name, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, provider = provider_, name = std::move(name), call] {
            return ensureVolume(core, provider, name, call);
          }};
}

Operation<std::vector<VolumeInfo>> Volumes::list(CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, provider = provider_, call] {
            return listVolumes(core, provider, call);
          }};
}

Operation<void> Volumes::remove(std::string name, CallOptions call) const {
  return {handle_.engine, call, [core = handle_.core, provider = provider_, name = std::move(name), call] {
            return removeVolume(core, provider, name, call);
          }};
}

}  // namespace mooring
