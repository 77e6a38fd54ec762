/// What every store decides alike, as functions of values: a database only carries it out.
#pragma once

#include <mooring/store.hpp>

#include <cstdint>
#include <string>

namespace mooring::detail {

/// The part of a stored record that decides whether a change of it may happen.
struct StoredState {
  std::int64_t version = 0;
  std::int64_t leaseToken = 0;
  std::string leaseOwner = {};
  bool leased = false;  ///< A lease has been taken and not been released, whether it has expired or not.
  SandboxStatus status = SandboxStatus::creating;
};

/// Fills what a change may leave out (the sandboxId of its events and debts) and refuses what no store may
/// take. Errors: invalidArgument (it could not be read again); internal (an event or debt of another sandbox,
/// no id).
Result<RecordChange> prepared(const RecordChange& change);

/// Errors: conflict, saying who changed or holds it; internal for a transition or lease token that cannot be.
Result<void> checkUpdate(const StoredState& stored, const RecordChange& change, std::int64_t fencingToken);

/// Errors: conflict: the lease was taken over, or released.
Result<void> checkRenewal(const SandboxId& id, const StoredState& stored, std::int64_t fencingToken);

/// The event of a payment belongs to the debt's sandbox. Errors: internal.
Result<void> checkPayment(const Debt& debt, const SandboxEvent& event);

/// Errors: invalidArgument for what cannot be an argument or a name: NUL bytes.
Result<void> checkCommand(const CommandRecord& command);

/// Errors: invalidArgument.
Result<void> checkPage(const PageRequest& page);

/// An ended command never changes again. Errors: conflict.
Result<void> checkRunning(const CommandId& id, CommandStatus stored);

std::unexpected<Error> noSuchSandbox(const SandboxId& id);
std::unexpected<Error> noSuchCommand(const CommandId& id);
std::unexpected<Error> noSuchDebt(std::int64_t seq);
std::unexpected<Error> sandboxExists(const SandboxId& id);
std::unexpected<Error> keyTaken(const std::string& provisionKey);
std::unexpected<Error> ambiguousKey(const std::string& key);
std::unexpected<Error> commandExists(const CommandId& id);

}  // namespace mooring::detail
