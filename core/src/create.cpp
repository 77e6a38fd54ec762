#include "create.hpp"

#include "generation.hpp"
#include "lease.hpp"

namespace mooring::detail {

Task<SandboxId> createSandbox(CorePtr core, SandboxConfig config, CallOptions call) {
  config.provider = chooseProvider(config, core->parts.settings);
  auto checked = checkConfig(*core, config, config.provider);
  if (!checked) {
    auto error = std::move(checked).error();
    error.operation = "create";
    if (error.provider.empty()) error.provider = config.provider;
    co_return std::unexpected(std::move(error));
  }

  SandboxRecord record;
  record.sandboxId = SandboxId(core->parts.ids->uuid());
  record.provider = config.provider;
  record.provisionKey = provisionKeyFor(record.sandboxId, record.generation);
  record.timeout = config.timeout;
  record.configHash = configHash(config);
  record.config = std::move(config);
  record.createdAt = core->now();
  record.updatedAt = record.createdAt;
  record.lastUsedAt = record.createdAt;
  takeLease(*core, record);

  RecordChange change;
  change.record = record;
  SandboxEvent event;
  event.sandboxId = record.sandboxId;
  event.at = record.createdAt;
  event.detail = "provider " + record.provider;
  change.events.push_back(std::move(event));
  auto write = [change = std::move(change)](RecordStore& store) { return store.insert(change); };
  auto inserted = co_await withStore(core, std::move(write));
  if (!inserted) co_return std::unexpected(std::move(inserted).error());

  std::vector<Debt> nothingOwed;
  auto built = co_await buildGeneration(core, std::move(*inserted), std::move(nothingOwed), std::move(call));
  if (!built) co_return std::unexpected(std::move(built).error());
  co_return built->sandboxId;
}

}  // namespace mooring::detail
