// What recovery sees before it decides: listings, records, debts and exact look-ups.
#pragma once

#include "core.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mooring::detail {

/// The time limits of a provider's sandboxes that are mooring's to keep.
struct OwnLimits {
  bool lifetime = false;
  bool idleTimeout = false;
};

/// What there is to see, and what could not be seen.
struct RecoveryLook {
  RecoveryView view = {};
  /// Providers that cannot be asked: nothing is concluded about what is theirs.
  std::set<std::string> silent = {};
  std::map<std::string, OwnLimits> ownLimits = {};  ///< By provider.
  std::vector<Error> failures = {};
};

Task<std::shared_ptr<RecoveryLook>> lookAround(CorePtr core, CallOptions call);

OwnLimits ownLimitsOf(const Provider& provider);

/// When mooring has to end the sandbox of an active record. Nothing when it need not, or has done so and the
/// sandbox has not been started again.
Task<std::optional<Expiry>> expiryOf(CorePtr core, SandboxRecord record, OwnLimits limits);

Task<std::vector<Debt>> allDebts(CorePtr core);

/// The record that owns what was listed, by its key or else by its external id.
/// Errors: conflict (several claim it).
Task<std::optional<SandboxRecord>> ownerOf(CorePtr core, Sighting seen);

}  // namespace mooring::detail
