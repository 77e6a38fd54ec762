// RecordStore over the tables in memory.
#pragma once

#include "database.hpp"

#include <atomic>

namespace mooring::memory {

class Store final : public RecordStore {
 public:
  explicit Store(std::shared_ptr<Database> database);

  Result<SandboxRecord> insert(const RecordChange& change) override;
  Result<SandboxRecord> update(const RecordChange& change, std::int64_t fencingToken) override;
  Result<SandboxRecord> get(const SandboxId& id) override;
  Result<SandboxPage> list(const RecordFilter& filter, const PageRequest& page) override;
  Result<std::int64_t> count(const RecordFilter& filter) override;
  Result<std::optional<SandboxRecord>> findByKey(const std::string& key) override;
  Result<void> renewLease(const SandboxId& id, std::int64_t fencingToken, Timestamp expiresAt) override;
  Result<void> touch(const SandboxId& id, Timestamp lastUsedAt) override;
  Result<std::vector<SandboxEvent>> events(const SandboxId& id, std::int64_t afterSeq, int limit) override;
  Result<std::vector<Debt>> debts() override;
  Result<void> debtFailed(std::int64_t seq, const std::string& lastError) override;
  Result<void> debtPaid(std::int64_t seq, const SandboxEvent& event) override;
  Result<void> insertCommand(const CommandRecord& command) override;
  Result<void> updateCommand(const CommandRecord& command) override;
  Result<CommandRecord> getCommand(const CommandId& id) override;
  Result<std::vector<CommandRecord>> listCommands(const SandboxId& id) override;
  Result<std::string> deploymentId() override;
  [[nodiscard]] std::int64_t commits() const override;

 private:
  /// The caller holds the mutex, in both.
  void writeRest(const RecordChange& change);
  void writeEvent(SandboxEvent event);

  std::shared_ptr<Database> database_;
  std::atomic<std::int64_t> commits_ = 0;
};

}  // namespace mooring::memory
