/// Recovery in two halves: plan() is a pure function of what is recorded and seen; applying it is the
/// service's work.
#pragma once

#include <mooring/record.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring {

/// In the order in which they are carried out: what frees something comes before what needs it.
enum class RecoveryAction {
  cancelDebt,     ///< A debt that no longer stands: what it was to end is in use again.
  payStop,        ///< A debt: stop it.
  payDestroy,     ///< A debt: destroy it.
  destroyOrphan,  ///< Carries our owner tag and belongs to no record's current generation.
  expire,     ///< An active one whose lifetime or time without use is over, at a provider that leaves that
              ///< to mooring: it is stopped.
  adopt,      ///< An interrupted creation did succeed: its record becomes active.
  markError,  ///< An interrupted creation that nobody waits for: its rest is destroyed, a later call makes
              ///< another.
  markGone,   ///< An active record whose sandbox provably no longer exists becomes shutdown.
  rebuild,    ///< RecreatePolicy::always: a new generation, in place of an interrupted creation or of what is
              ///< gone.
};

template <>
struct detail::EnumText<RecoveryAction> {
  static constexpr std::array entries{
      std::pair{RecoveryAction::cancelDebt, std::string_view("cancelDebt")},
      std::pair{RecoveryAction::payStop, std::string_view("payStop")},
      std::pair{RecoveryAction::payDestroy, std::string_view("payDestroy")},
      std::pair{RecoveryAction::destroyOrphan, std::string_view("destroyOrphan")},
      std::pair{RecoveryAction::expire, std::string_view("expire")},
      std::pair{RecoveryAction::adopt, std::string_view("adopt")},
      std::pair{RecoveryAction::markError, std::string_view("markError")},
      std::pair{RecoveryAction::markGone, std::string_view("markGone")},
      std::pair{RecoveryAction::rebuild, std::string_view("rebuild")},
  };
};

struct RecoveryStep {
  RecoveryAction action = RecoveryAction::destroyOrphan;
  SandboxId sandboxId = {};  ///< Empty for an orphan.
  std::string provider = {};
  std::string provisionKey = {};
  ExternalSandboxId externalSandboxId = {};  ///< What was seen there; empty when nothing was.
  std::int64_t debt = 0;                     ///< Debt::seq, where the step is about one.
  std::string why = {};                      ///< One line, in plain words.
  std::int64_t recordVersion = 0;  ///< The record that this was decided on; once it has changed, the step is
                                   ///< skipped.
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
  bool usable = true;  ///< False: it exists but has failed for good (InstanceState::failed).
};

/// A limit on the time of an active sandbox.
enum class TimeLimit {
  lifetime,     ///< SandboxRecord::timeout, from its last start or extension.
  idleTimeout,  ///< SandboxConfig::idleTimeout, from its last use, and twice ServiceParts::useInterval: as
                ///< exact as the use is known.
};

/// When it is for mooring to end an active sandbox, because its provider does not (the limit's capability is
/// emulated).
struct Expiry {
  SandboxId sandboxId = {};
  Timestamp at = {};
  TimeLimit limit = TimeLimit::lifetime;  ///< The one that ends it first.
  std::chrono::milliseconds length = {};  ///< As it was asked for.
};

/// All that plan() looks at. To be gathered in this order: `listed`, `now`, `debts` and `records`, `lookups`.
/// A record is committed before its sandbox is made, so records that are read after a listing know all that
/// is on it.
struct RecoveryView {
  Timestamp now = {};
  /// All that are creating or recreating; all active ones whose policy is not onDemand, or that have an
  /// expiry; and all that own a listed sandbox or a debt.
  std::vector<SandboxRecord> records = {};
  std::vector<Debt> debts = {};
  std::vector<Sighting> lookups = {};  ///< Exact look-ups of the records' own keys.
  std::vector<Expiry> expiries = {};   ///< Of those whose current start has not been followed by an end.
  std::vector<Sighting> listed = {};   ///< What carries our owner tag: evidence of presence only.
};

/// Decides what to do. Level-triggered: the same view gives the same steps, and a view of a healed world
/// gives none.
///
/// - A record under a valid lease is left alone, and so is everything that carries its key.
/// - creating or recreating, without a lease: what the exact look-up says decides. Present and in need of no
/// setup:
///   adopted. Present with a setup that may be half done, or unusable, or proven absent: rebuilt under
///   RecreatePolicy::always, else marked `error` and what stands is destroyed (under onDemand the next call
///   makes another). Unknown: nothing now.
/// - active and proven absent: rebuilt under `always`, marked gone under `never`; onDemand leaves it to the
/// next call.
/// - active and past its expiry: stopped, and nothing else. Its record stays active, as it would at a
/// provider that
///   stops it by itself.
/// - Debts are paid, unless their sandbox is a record's current one again.
/// - Listed with a key that is no record's current one, or that of a record which says that nothing is left:
/// destroyed.
std::vector<RecoveryStep> plan(const RecoveryView& view);

}  // namespace mooring
