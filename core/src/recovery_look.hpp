// What recovery sees before it decides: listings, records, debts and exact look-ups.
#pragma once

#include "core.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mooring::detail {

/// What there is to see, and what could not be seen.
struct RecoveryLook {
  RecoveryView view = {};
  /// Providers that cannot be asked: nothing is concluded about what is theirs.
  std::set<std::string> silent = {};
  /// Providers whose sandboxes mooring ends itself when their lifetime is over.
  std::set<std::string> withoutLifetimes = {};
  std::vector<Error> failures = {};
};

Task<std::shared_ptr<RecoveryLook>> lookAround(CorePtr core, CallOptions call);

Task<std::vector<Debt>> allDebts(CorePtr core);

/// The record that owns what was listed, by its key or else by its external id.
/// Errors: conflict (several claim it).
Task<std::optional<SandboxRecord>> ownerOf(CorePtr core, Sighting seen);

}  // namespace mooring::detail
