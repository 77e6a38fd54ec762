/// Recovery in two halves: plan() is a pure function of what is recorded and seen; applying it is the service's work.
#pragma once

#include <mooring/record.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mooring {

enum class RecoveryAction {
  adopt,      ///< An interrupted creation did succeed: its record becomes active.
  rebuild,    ///< An interrupted creation is replaced by a new generation.
  markGone,   ///< An active record whose sandbox provably no longer exists becomes shutdown.
  markError,  ///< An interrupted creation that policy does not allow to repeat.
  payStop,    ///< A debt: stop it.
  payDestroy, ///< A debt: destroy it.
  destroyOrphan,  ///< Carries our owner tag and belongs to no record's current generation.
};

template <>
struct detail::EnumText<RecoveryAction> {
  static constexpr std::array entries{
      std::pair{RecoveryAction::adopt, std::string_view("adopt")},
      std::pair{RecoveryAction::rebuild, std::string_view("rebuild")},
      std::pair{RecoveryAction::markGone, std::string_view("markGone")},
      std::pair{RecoveryAction::markError, std::string_view("markError")},
      std::pair{RecoveryAction::payStop, std::string_view("payStop")},
      std::pair{RecoveryAction::payDestroy, std::string_view("payDestroy")},
      std::pair{RecoveryAction::destroyOrphan, std::string_view("destroyOrphan")},
  };
};

struct RecoveryStep {
  RecoveryAction action = RecoveryAction::destroyOrphan;
  SandboxId sandboxId = {};       ///< Empty for an orphan.
  std::string provider = {};
  std::string provisionKey = {};
  ExternalSandboxId externalSandboxId = {};
  std::int64_t debt = 0;          ///< Debt::seq for payStop and payDestroy.
  std::string why = {};           ///< One line, in plain words.
};

/// What was seen of one provision key, by an exact look-up.
enum class Presence {
  present,
  absent,   ///< Proven.
  unknown,  ///< The provider did not answer usefully.
};

struct Sighting {
  std::string provider = {};
  std::string provisionKey = {};
  ExternalSandboxId externalSandboxId = {};
  Presence presence = Presence::unknown;
};

/// All that plan() looks at.
struct RecoveryView {
  Timestamp now = {};
  std::vector<SandboxRecord> records = {};  ///< All that are not settled, and all that own a listed sandbox.
  std::vector<Debt> debts = {};
  std::vector<Sighting> lookups = {};       ///< Exact look-ups of the records' own keys.
  std::vector<Sighting> listed = {};        ///< What carries our owner tag: evidence of presence only.
};

/// Decides what to do. Level-triggered: the same view gives the same steps, and a view of a healed world gives none.
/// A sandbox whose record is under a valid lease is never touched.
std::vector<RecoveryStep> plan(const RecoveryView& view);

}  // namespace mooring
