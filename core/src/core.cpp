#include "core.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace asio = boost::asio;

namespace mooring::detail {

Result<std::shared_ptr<Provider>> providerNamed(Core& core, const std::string& name) {
  if (const auto found = core.providers.find(name); found != core.providers.end()) return found->second;
  auto factory = core.parts.providers.find(name);
  if (!factory) return std::unexpected(std::move(factory).error());
  ProviderContext context{
      .settings = core.parts.settings,
      .loop = core.loop,
      .blocking = core.blockingThreads,
      .clock = core.parts.clock,
      .ids = core.parts.ids,
      .random = core.parts.random,
      .log = core.parts.log,
  };
  auto made = (*factory)(context);
  if (!made) {
    made.error().provider = name;
    return made;
  }
  core.providers.emplace(name, *made);
  return made;
}

Task<SandboxRecord> loadRecord(CorePtr core, SandboxId id) {
  auto read = [id = std::move(id)](RecordStore& store) { return store.get(id); };
  co_return co_await withStore(core, std::move(read));
}

Task<SandboxRecord> commitChange(CorePtr core, RecordChange change, std::int64_t fencingToken) {
  change.record.updatedAt = core->now();
  auto write = [change = std::move(change), fencingToken](RecordStore& store) {
    return store.update(change, fencingToken);
  };
  co_return co_await withStore(core, std::move(write));
}

RecordChange changeOf(const Core& core,
                      const SandboxRecord& before,
                      SandboxRecord after,
                      EventReason reason,
                      std::string detail) {
  RecordChange change;
  change.record = std::move(after);
  change.events.push_back(SandboxEvent{
      .sandboxId = change.record.sandboxId,
      .at = core.now(),
      .generation = change.record.generation,
      .from = before.status,
      .to = change.record.status,
      .reason = reason,
      .detail = std::move(detail),
  });
  return change;
}

void addDebt(const Core& core, RecordChange& change, Debt debt) {
  change.events.push_back(SandboxEvent{
      .sandboxId = debt.sandboxId,
      .at = core.now(),
      .generation = debt.generation,
      .from = change.record.status,
      .to = change.record.status,
      .reason = EventReason::debtIncurred,
      .detail = std::string(toString(debt.kind)) + " " + debt.provisionKey + ": " + debt.lastError,
  });
  change.incurred.push_back(std::move(debt));
}

Instance instanceOf(const SandboxRecord& record) {
  return Instance{
      .id = record.externalSandboxId,
      .provisionKey = record.provisionKey,
      .state = InstanceState::running,
      .url = record.sandboxUrl,
      .connection = record.connection,
  };
}

void takeFacts(SandboxRecord& record, const Instance& instance) {
  record.externalSandboxId = instance.id;
  record.sandboxUrl = instance.url;
  record.connection = instance.connection;
}

bool factsDiffer(const SandboxRecord& record, const Instance& instance) {
  return record.externalSandboxId != instance.id || record.sandboxUrl != instance.url ||
         record.connection != instance.connection;
}

std::string provisionKeyFor(const SandboxId& id, int generation) {
  std::string hex = id.value;
  std::erase(hex, '-');
  return "mooring-" + hex + "-" + std::to_string(generation);
}

Task<void> pause(std::chrono::milliseconds duration) {
  auto wanted = co_await stillWanted();
  if (!wanted) co_return wanted;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  co_await timer.async_wait(token);
  if (ec) co_return failure(Errc::cancelled, "interrupted while waiting");
  co_return Result<void>();
}

Task<void> stillWanted() {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return failure(Errc::cancelled, "interrupted");
  }
  co_return Result<void>();
}

bool lostRace(const Error& error) { return error.code == Errc::conflict && error.provider.empty(); }

Error annotate(Error error, const SandboxRecord& record, std::string_view operation) {
  if (error.provider.empty()) error.provider = record.provider;
  if (error.operation.empty()) error.operation = operation;
  return error;
}

}  // namespace mooring::detail
