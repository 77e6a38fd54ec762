// RecordStore over one connection.
#pragma once

#include <mooring/detail/store_rules.hpp>
#include <mooring/store.hpp>

#include "connection.hpp"
#include "errors.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mooring::sqlite {

class Store final : public RecordStore {
 public:
  explicit Store(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

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
  template <class Work>
  auto read(Work work) -> decltype(work()) {
    const std::scoped_lock lock(mutex_);
    return caught(connection_->path(), std::move(work));
  }
  template <class Work>
  auto write(Work work) -> decltype(work()) {
    return read([&] { return connection_->write(std::move(work)); });
  }

  // All of these run inside read() or write().
  std::optional<detail::StoredState> stateOf(const SandboxId& id);
  std::optional<std::string> ownerOfKey(const std::string& provisionKey);
  std::optional<CommandStatus> statusOf(const CommandId& id);
  std::optional<Debt> debt(std::int64_t seq);
  void writeRest(const RecordChange& change);
  void writeEvent(const SandboxEvent& event);

  mutable std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace mooring::sqlite
