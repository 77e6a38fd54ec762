// What all handles of a service share, and the small steps that every operation is made of.
#pragma once

#include <mooring/blocking.hpp>
#include <mooring/service.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>

namespace mooring::detail {

using CorePtr = std::shared_ptr<struct Core>;

/// Lives on the loop: members that change are touched there only.
struct Core {
  ServiceParts parts;
  boost::asio::any_io_executor loop;
  boost::asio::any_io_executor storeThread;
  boost::asio::any_io_executor blockingThreads;
  std::string ownerTag;
  std::string leaseOwner;  ///< This service, among all that share the database.
  std::map<std::string, std::shared_ptr<Provider>, std::less<>> providers;
  /// Emulated started commands of the providers that have none of their own.
  std::map<std::string, std::shared_ptr<StartedCommandsApi>, std::less<>> journals;

  [[nodiscard]] Timestamp now() const { return parts.clock->now(); }
  void step(Step step) const {
    if (parts.onStep) parts.onStep(step);
  }
};

/// Makes the provider on first use. Errors: invalidArgument (unknown), notConfigured.
Result<std::shared_ptr<Provider>> providerNamed(Core& core, const std::string& name);

/// Calls `work(RecordStore&)` on the store's thread.
template <class Work>
auto withStore(CorePtr core, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work&, RecordStore&>> {
  auto job = [store = core->parts.store, work = std::move(work)]() mutable { return work(*store); };
  co_return co_await runBlocking(core->storeThread, std::move(job));
}

Task<SandboxRecord> loadRecord(CorePtr core, SandboxId id);

/// Commits `change`. `fencingToken` is the leaseToken that was read with the record.
Task<SandboxRecord> commitChange(CorePtr core, RecordChange change, std::int64_t fencingToken);

/// A change from `before` to `after`, with the event that tells of it.
RecordChange changeOf(const Core& core,
                      const SandboxRecord& before,
                      SandboxRecord after,
                      EventReason reason,
                      std::string detail = std::string());
/// Adds a debt and the event that tells of it.
void addDebt(const Core& core, RecordChange& change, Debt debt);

/// The provider's view of what the record says.
Instance instanceOf(const SandboxRecord& record);
/// Takes over what the provider said of itself.
void takeFacts(SandboxRecord& record, const Instance& instance);
/// Whether takeFacts would change anything.
bool factsDiffer(const SandboxRecord& record, const Instance& instance);

/// Name of one generation at its provider: unique, lowercase, DNS-safe, at most 53 characters.
std::string provisionKeyFor(const SandboxId& id, int generation);

/// Waits on the loop; cancelled when the operation's limits end it.
Task<void> pause(std::chrono::milliseconds duration);
/// Fails with `cancelled` once the operation's limits have ended it. For loops, so that none outlives its
/// caller.
Task<void> stillWanted();

/// Whether a commit came too late: the record changed underneath, and is worth a fresh look. A provider's own
/// conflict (its name is taken there) is an answer like any other.
bool lostRace(const Error& error);

/// Adds what only the caller of the failing step knows.
Error annotate(Error error, const SandboxRecord& record, std::string_view operation);

}  // namespace mooring::detail
