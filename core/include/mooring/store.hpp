/// What a database implements to keep mooring's records.
#pragma once

#include <mooring/record.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mooring {

struct RecordFilter {
  std::optional<SandboxStatus> status = {};
  std::optional<std::string> provider = {};
  std::optional<std::string> purpose = {};
};

struct PageRequest {
  int limit = 50;           ///< 1 to 1000.
  std::string cursor = {};  ///< SandboxPage::nextCursor of the page before; empty for the first.
};

struct SandboxPage {
  std::vector<SandboxRecord> records = {};  ///< Newest first.
  std::string nextCursor = {};              ///< Empty: this was the last page.
};

/// A change of one record, committed whole or not at all.
struct RecordChange {
  SandboxRecord record = {};  ///< As it shall be, except `version`, which is the one that was read.
  std::vector<SandboxEvent> events = {};
  std::vector<Debt> incurred = {};
  std::vector<std::int64_t> paid = {};  ///< Debt::seq of debts that no longer stand.
};

/// The truth about all sandboxes, shared by any number of processes.
///
/// Every member blocks and is durable when it returns: mooring calls it on an executor of its own, never on
/// the loop. Threads: all members may be called from any thread. Errors, everywhere: storeFailed
/// (unreachable, read-only, full; the message says which), corrupted (a row that cannot be read). A store
/// never guesses and never drops a row.
class RecordStore {
 public:
  virtual ~RecordStore() = default;

  /// Adds a new record with `version` 1. Errors: conflict (the sandboxId exists, or the key is another's).
  virtual Result<SandboxRecord> insert(const RecordChange& change) = 0;

  /// Compare-and-swap: takes effect only while the stored version equals change.record.version and the stored
  /// leaseToken equals `fencingToken`. Returns the record with its new version.
  /// Errors: notFound; conflict (somebody else changed it, or holds a newer lease: the message says which).
  virtual Result<SandboxRecord> update(const RecordChange& change, std::int64_t fencingToken) = 0;

  /// Errors: notFound.
  virtual Result<SandboxRecord> get(const SandboxId& id) = 0;

  virtual Result<SandboxPage> list(const RecordFilter& filter, const PageRequest& page) = 0;
  virtual Result<std::int64_t> count(const RecordFilter& filter) = 0;

  /// The record that a provision key or an external id belongs to now. Errors: conflict (to several).
  virtual Result<std::optional<SandboxRecord>> findByKey(const std::string& provisionKey) = 0;

  /// Moves the end of a lease without changing the version. Errors: conflict (the lease is no longer this
  /// one).
  virtual Result<void> renewLease(const SandboxId& id, std::int64_t fencingToken, Timestamp expiresAt) = 0;

  /// Sets lastUsedAt without changing the version; an older time than the stored one is ignored.
  virtual Result<void> touch(const SandboxId& id, Timestamp lastUsedAt) = 0;

  /// Events of one sandbox in the order they were written, from after `afterSeq`.
  virtual Result<std::vector<SandboxEvent>> events(const SandboxId& id, std::int64_t afterSeq, int limit) = 0;

  /// All debts, oldest first.
  virtual Result<std::vector<Debt>> debts() = 0;
  /// A payment that failed again: counts the attempt and keeps the reason. Errors: notFound.
  virtual Result<void> debtFailed(std::int64_t seq, const std::string& lastError) = 0;
  /// Removes a paid debt and writes `event` with the status of now as `from` and `to`. Twice is fine.
  virtual Result<void> debtPaid(std::int64_t seq, const SandboxEvent& event) = 0;

  /// Errors: conflict (the commandId exists), notFound (no such sandbox).
  virtual Result<void> insertCommand(const CommandRecord& command) = 0;
  /// Writes status, external id, exit code, signal and finishedAt. An ended command (exited, failed, lost)
  /// never changes again. Errors: notFound; conflict (it has ended).
  virtual Result<void> updateCommand(const CommandRecord& command) = 0;
  virtual Result<CommandRecord> getCommand(const CommandId& id) = 0;
  /// Newest first.
  virtual Result<std::vector<CommandRecord>> listCommands(const SandboxId& id) = 0;

  /// A name that is the same for all who open this database and for nobody else: the default owner tag.
  virtual Result<std::string> deploymentId() = 0;

  /// Write transactions committed through this object since it was opened. For budgets and tests.
  [[nodiscard]] virtual std::int64_t commits() const = 0;
};

}  // namespace mooring
