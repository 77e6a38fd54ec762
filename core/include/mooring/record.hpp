/// What mooring knows: the row behind a sandboxId, and every change of it.
#pragma once

#include <mooring/command.hpp>
#include <mooring/config.hpp>
#include <mooring/ids.hpp>
#include <mooring/sources.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mooring {

enum class SandboxStatus {
  creating,    ///< The intent is committed; the provider may or may not have been asked yet.
  active,      ///< It stood when last seen.
  recreating,  ///< A new generation is being made.
  shutdown,    ///< The caller ended it, or it is gone and policy forbids another.
  error,       ///< Creation failed for good; SandboxRecord::error says why.
};

template <>
struct detail::EnumText<SandboxStatus> {
  static constexpr std::array entries{
      std::pair{SandboxStatus::creating, std::string_view("creating")},
      std::pair{SandboxStatus::active, std::string_view("active")},
      std::pair{SandboxStatus::recreating, std::string_view("recreating")},
      std::pair{SandboxStatus::shutdown, std::string_view("shutdown")},
      std::pair{SandboxStatus::error, std::string_view("error")},
  };
};

/// Whether a record may go from one status to another (DESIGN section 3). A status may always stay as it is.
bool transitionAllowed(SandboxStatus from, SandboxStatus to);

/// Why a record failed. Redacted.
struct RecordError {
  Errc code = Errc::internal;
  std::string message = {};
  Timestamp at = {};
};

/// One sandbox as the database knows it. Members are spelled as the columns and the JSON keys are.
struct SandboxRecord {
  SandboxId sandboxId = {};
  std::string provider = {};
  ExternalSandboxId externalSandboxId = {};  ///< Empty: nothing is known to stand behind it.
  std::string provisionKey = {};             ///< The provider's name for this generation.
  int generation = 1;
  SandboxStatus status = SandboxStatus::creating;
  std::int64_t version = 0;  ///< Optimistic lock: every change adds one.
  std::string sandboxUrl = {};
  std::chrono::milliseconds timeout = {};  ///< Lifetime in force; extend() changes it. Zero: the provider's
                                           ///< default.
  SandboxConfig config = {};               ///< The full request, without secrets.
  std::string configHash = {};
  boost::json::object connection = {};  ///< Facts that the provider wants back on the next call. No secrets.
  std::optional<RecordError> error = {};
  std::string leaseOwner = {};  ///< Who is creating it now; empty when nobody is.
  std::int64_t leaseToken = 0;  ///< Fencing token: grows with every lease.
  std::optional<Timestamp> leaseExpiresAt = {};
  Timestamp lastUsedAt = {};  ///< Exact to ServiceParts::useInterval, five minutes unless changed.
  Timestamp createdAt = {};
  Timestamp updatedAt = {};
  std::optional<Timestamp> shutdownAt = {};

  [[nodiscard]] bool leased(Timestamp now) const { return leaseExpiresAt && *leaseExpiresAt > now; }
};

enum class EventReason {
  created,      ///< The intent to create was committed.
  provisioned,  ///< The provider made it and the setup ran.
  provisionFailed,
  setupFailed,
  outcomeUnknown,  ///< Creation may have happened; recover() finds out.
  foundGone,       ///< The provider proved that it no longer exists.
  resumed,
  recreateStarted,
  recreated,
  leaseTakenOver,  ///< Whoever was creating it stopped renewing its lease.
  adopted,         ///< recover() found what an interrupted creation had made.
  stopped,
  destroyed,
  extended,
  expired,  ///< Its lifetime or its time without use was over, and recover() stopped it; the next call may
            ///< wake it or make another.
  checkpointRestored,
  debtIncurred,  ///< A best-effort step failed; recover() repeats it.
  debtPaid,
  warning,
};

template <>
struct detail::EnumText<EventReason> {
  static constexpr std::array entries{
      std::pair{EventReason::created, std::string_view("created")},
      std::pair{EventReason::provisioned, std::string_view("provisioned")},
      std::pair{EventReason::provisionFailed, std::string_view("provisionFailed")},
      std::pair{EventReason::setupFailed, std::string_view("setupFailed")},
      std::pair{EventReason::outcomeUnknown, std::string_view("outcomeUnknown")},
      std::pair{EventReason::foundGone, std::string_view("foundGone")},
      std::pair{EventReason::resumed, std::string_view("resumed")},
      std::pair{EventReason::recreateStarted, std::string_view("recreateStarted")},
      std::pair{EventReason::recreated, std::string_view("recreated")},
      std::pair{EventReason::leaseTakenOver, std::string_view("leaseTakenOver")},
      std::pair{EventReason::adopted, std::string_view("adopted")},
      std::pair{EventReason::stopped, std::string_view("stopped")},
      std::pair{EventReason::destroyed, std::string_view("destroyed")},
      std::pair{EventReason::extended, std::string_view("extended")},
      std::pair{EventReason::expired, std::string_view("expired")},
      std::pair{EventReason::checkpointRestored, std::string_view("checkpointRestored")},
      std::pair{EventReason::debtIncurred, std::string_view("debtIncurred")},
      std::pair{EventReason::debtPaid, std::string_view("debtPaid")},
      std::pair{EventReason::warning, std::string_view("warning")},
  };
};

/// One change of a record. Append-only.
struct SandboxEvent {
  std::int64_t seq = 0;  ///< Given by the store; grows over all sandboxes.
  SandboxId sandboxId = {};
  Timestamp at = {};
  int generation = 1;
  std::optional<SandboxStatus> from = {};  ///< Nothing for the first event of a record.
  SandboxStatus to = SandboxStatus::creating;
  EventReason reason = EventReason::created;
  std::string detail = {};  ///< One line, redacted.
};

enum class DebtKind { stop, destroy };

template <>
struct detail::EnumText<DebtKind> {
  static constexpr std::array entries{
      std::pair{DebtKind::stop, std::string_view("stop")},
      std::pair{DebtKind::destroy, std::string_view("destroy")},
  };
};

/// Something that mooring still owes a provider: an effect that could not be confirmed. recover() pays it.
struct Debt {
  std::int64_t seq = 0;  ///< Given by the store.
  SandboxId sandboxId = {};
  DebtKind kind = DebtKind::destroy;
  std::string provider = {};
  std::string provisionKey = {};             ///< Of the generation that is meant.
  ExternalSandboxId externalSandboxId = {};  ///< Empty when only the key is known.
  int generation = 1;
  int attempts = 0;
  std::string lastError = {};
  Timestamp createdAt = {};
};

/// JSON forms for `--json` and other programs; keys as the members are spelled.
boost::json::object toJson(const SandboxRecord& record);
boost::json::object toJson(const SandboxEvent& event);
boost::json::object toJson(const CommandRecord& command);

}  // namespace mooring
