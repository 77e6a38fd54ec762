#include "reach.hpp"

namespace mooring::detail {

Result<Reached> asRecorded(Core& core, SandboxRecord record) {
  if (record.status != SandboxStatus::active) {
    return failure(Errc::notRunning, "its record is " + std::string(toString(record.status)));
  }
  auto provider = providerNamed(core, record.provider);
  if (!provider) return std::unexpected(std::move(provider).error());
  return Reached{.provider = std::move(*provider), .record = std::move(record)};
}

Task<Reached> reconnect(CorePtr core, SandboxId id, CallOptions call) {
  auto outcome = co_await connectSandbox(core, std::move(id), std::move(call));
  if (!outcome) co_return std::unexpected(std::move(outcome).error());
  if (outcome->reason) co_return std::unexpected(std::move(*outcome->reason));
  auto where = asRecorded(*core, std::move(outcome->record));
  if (where) where->connection = outcome->kind;
  co_return where;
}

bool worthReconnecting(const Error& error, const CallOptions& call) {
  if (error.code == Errc::gone || error.code == Errc::notRunning) return true;
  return call.idempotent && error.code == Errc::outcomeUnknown;
}

}  // namespace mooring::detail
