// Go first, reconnect only when told to: the warm path of every call on a sandbox is one request and no
// commit.
#pragma once

#include "connect.hpp"
#include "core.hpp"
#include "use.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace mooring::detail {

/// Where a call arrived.
struct Reached {
  std::shared_ptr<Provider> provider = {};
  SandboxRecord record = {};
  OutcomeKind connection = OutcomeKind::attached;

  [[nodiscard]] Instance instance() const { return instanceOf(record); }
};

/// The record's provider as it stands; nothing is asked. Errors: gone or notRunning when the record is not
/// active.
Result<Reached> asRecorded(Core& core, SandboxRecord record);

/// connect(), with everything but a usable sandbox turned into an Error.
Task<Reached> reconnect(CorePtr core, SandboxId id, CallOptions call);

/// Whether an attempt that failed so provably had no effect and a reconnection can help; or may be repeated
/// on the caller's word.
bool worthReconnecting(const Error& error, const CallOptions& call);

/// Does `attempt(Reached)` on what the record says; if that provably had no effect because the sandbox sleeps
/// or is gone, connects and does it once more. `again()` says whether a second attempt is possible (a stream
/// that was read cannot be read again).
template <class T>
Task<T> reach(CorePtr core,
              SandboxId id,
              std::function<Task<T>(Reached)> attempt,
              CallOptions call,
              std::function<bool()> again = nullptr) {
  auto record = co_await loadRecord(core, id);
  if (!record) co_return std::unexpected(std::move(record).error());
  const auto kept = *record;
  auto where = asRecorded(*core, std::move(*record));
  Result<T> result = std::unexpected(Error());
  const UseKeeper use(core, kept.sandboxId);
  if (where) {
    co_await noteUse(core, kept);
    result = co_await attempt(std::move(*where));
  } else {
    result = std::unexpected(std::move(where).error());
  }
  if (result) co_return result;
  if (!worthReconnecting(result.error(), call) || (again && !again())) {
    co_return std::unexpected(annotate(std::move(result).error(), kept, ""));
  }
  where = co_await reconnect(core, id, call);
  if (!where) co_return std::unexpected(std::move(where).error());
  result = co_await attempt(std::move(*where));
  if (!result) co_return std::unexpected(annotate(std::move(result).error(), kept, ""));
  co_return result;
}

}  // namespace mooring::detail
