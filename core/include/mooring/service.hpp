/// The entry point: all sandboxes of one database.
#pragma once

#include <mooring/recovery.hpp>
#include <mooring/registry.hpp>
#include <mooring/sandbox.hpp>
#include <mooring/store.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring {

/// The points between two effects of a change, in order. A crash at any of them must leave a record whose
/// next step the record alone decides; tests kill real processes at each.
enum class Step {
  createIntentCommitted,
  createProvisioned,
  createSetupDone,
  createCommitted,
  recreateIntentCommitted,
  recreateOldDestroyed,
  recreateProvisioned,
  recreateSetupDone,
  recreateCommitted,
  stopAsked,
  stopCommitted,
};

template <>
struct detail::EnumText<Step> {
  static constexpr std::array entries{
      std::pair{Step::createIntentCommitted, std::string_view("createIntentCommitted")},
      std::pair{Step::createProvisioned, std::string_view("createProvisioned")},
      std::pair{Step::createSetupDone, std::string_view("createSetupDone")},
      std::pair{Step::createCommitted, std::string_view("createCommitted")},
      std::pair{Step::recreateIntentCommitted, std::string_view("recreateIntentCommitted")},
      std::pair{Step::recreateOldDestroyed, std::string_view("recreateOldDestroyed")},
      std::pair{Step::recreateProvisioned, std::string_view("recreateProvisioned")},
      std::pair{Step::recreateSetupDone, std::string_view("recreateSetupDone")},
      std::pair{Step::recreateCommitted, std::string_view("recreateCommitted")},
      std::pair{Step::stopAsked, std::string_view("stopAsked")},
      std::pair{Step::stopCommitted, std::string_view("stopCommitted")},
  };
};

/// The parts of a service. mooring::open() (mooring/mooring.hpp) fills them with the usual ones.
struct ServiceParts {
  std::shared_ptr<RecordStore> store = {};  ///< Required.
  ProviderRegistry providers = {};
  Settings settings = {};             ///< The environment as the service shall see it.
  std::shared_ptr<Clock> clock = {};  ///< Null: the system's; likewise the next two.
  std::shared_ptr<IdSource> ids = {};
  std::shared_ptr<Random> random = {};
  std::shared_ptr<spdlog::logger> log = {};  ///< Null: nothing is logged.
  std::string ownerTag = {};                 ///< Empty: the database's own. Never share one among databases.
  /// Values for secretEnv names. Null: `settings`.
  std::function<std::optional<Secret>(const std::string& name)> secrets = {};
  std::chrono::milliseconds leaseDuration = std::chrono::seconds(30);  ///< Renewed while creation goes on.
  /// How exact SandboxRecord::lastUsedAt is: warm calls do not write, long ones note their use as often.
  std::chrono::milliseconds useInterval = std::chrono::minutes(5);
  /// Called on the loop after each step; for crash tests.
  std::function<void(Step)> onStep = {};
};

struct RecoveryReport {
  std::vector<RecoveryStep> steps = {};
  std::vector<Error> failures = {};  ///< Steps that did not succeed; they are planned again next time.
};

struct ProviderDescription {
  std::string name = {};
  CapabilityTable capabilities = {};
  std::optional<Error> unusable = {};  ///< Why it could not be made, for example notConfigured.
  std::vector<Finding> findings = {};
};

/// Storage that outlives sandboxes, of one provider.
class Volumes {
 public:
  Volumes(detail::Handle handle, std::string provider);
  Operation<VolumeInfo> ensure(std::string name, CallOptions call = CallOptions()) const;
  Operation<std::vector<VolumeInfo>> list(CallOptions call = CallOptions()) const;
  Operation<void> remove(std::string name, CallOptions call = CallOptions()) const;

 private:
  detail::Handle handle_;
  std::string provider_;
};

/// Threads: any; copies share everything. Lifetime: closing happens when the last handle and operation are
/// gone.
class SandboxService {
 public:
  /// Errors: invalidArgument (no store), storeFailed.
  static Result<SandboxService> open(ServiceParts parts);

  /// Makes a sandbox and returns when its setup has run. Cost: two commits, and the provider's own minimum of
  /// requests. Errors: invalidArgument, unsupported, notConfigured (all before anything is spent); the
  /// provider's; outcomeUnknown (it may exist: the record stays, its id is in the message, recover() settles
  /// it).
  Operation<Sandbox> create(SandboxConfig config, CallOptions call = CallOptions()) const;

  /// A handle from a stored id. No I/O, no check.
  [[nodiscard]] Sandbox sandbox(SandboxId id) const;
  [[nodiscard]] Sandbox sandbox(std::string id) const { return sandbox(SandboxId(std::move(id))); }
  /// A handle from a stored id. No I/O, no check.
  [[nodiscard]] StartedCommand command(CommandId id) const;

  /// Errors: notFound.
  Operation<SandboxRecord> get(SandboxId id, CallOptions call = CallOptions()) const;
  Operation<SandboxPage> list(RecordFilter filter = RecordFilter(),
                              PageRequest page = PageRequest(),
                              CallOptions call = CallOptions()) const;
  Operation<std::int64_t> count(RecordFilter filter = RecordFilter(), CallOptions call = CallOptions()) const;

  /// What recover() would do now. Changes nothing.
  Operation<std::vector<RecoveryStep>> plan(CallOptions call = CallOptions()) const;
  /// Settles interrupted creations, pays debts and destroys orphans. Repeating it is safe; on a healed world
  /// it does nothing.
  Operation<RecoveryReport> recover(CallOptions call = CallOptions()) const;

  [[nodiscard]] Volumes volumes(std::string provider = std::string()) const;

  /// Every registered provider: what it can do, and what it lacks here.
  Operation<std::vector<ProviderDescription>> providers(CallOptions call = CallOptions()) const;

 private:
  explicit SandboxService(detail::Handle handle);
  detail::Handle handle_;
};

}  // namespace mooring
