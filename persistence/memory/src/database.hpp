// The tables behind memory stores.
#pragma once

#include <mooring/memory/store.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mooring::memory {

/// Everything is read and written under `mutex`, which makes each call of a store one transaction.
class Database {
 public:
  std::mutex mutex;
  std::map<std::string, SandboxRecord> sandboxes;   ///< By sandboxId.
  std::map<std::string, std::string> ownersOfKeys;  ///< provisionKey to sandboxId.
  std::vector<SandboxEvent> events;                 ///< In order of seq.
  std::map<std::int64_t, Debt> debts;               ///< By seq.
  std::map<std::string, CommandRecord> commands;    ///< By commandId.
  std::int64_t lastEvent = 0;
  std::int64_t lastDebt = 0;
  std::string deploymentId;
};

}  // namespace mooring::memory
