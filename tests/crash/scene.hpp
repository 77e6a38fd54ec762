#pragma once

#include <mooring/mooring.hpp>

#include "crash/clock.hpp"
#include "crash/worlds.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::test {

enum class How { kill, freeze };

struct ChildTask {
  std::string verb = {};
  std::string subject = {};         ///< A sandboxId, or for "create" a config as JSON.
  std::optional<Step> cutOff = {};  ///< Where it is cut off.
  How how = How::kill;
  bool waits = false;  ///< Announces "ready" and begins when it gets a line.
};

/// One database and one provider, shared by processes that die.
class Scene {
 public:
  explicit Scene(const std::string& provider);

  [[nodiscard]] World& world() { return *world_; }
  /// Read without a service in between.
  [[nodiscard]] RecordStore& store() { return *store_; }

  /// A service in this process, as one that starts after a crash would be.
  [[nodiscard]] SandboxService service() const;
  [[nodiscard]] Child child(const ChildTask& task) const;
  /// Runs a child that must be cut off by SIGKILL at its step.
  void killed(const ChildTask& task) const;
  /// Runs a child to its end: the line that it ended with.
  [[nodiscard]] std::string finished(const ChildTask& task) const;

  /// From now on every lease that anybody holds has ended.
  void expireLeases() { clock_->advance(std::chrono::minutes(10)); }
  [[nodiscard]] Timestamp now() const { return clock_->now(); }

  /// What crash tests create, in this scene's provider.
  [[nodiscard]] SandboxConfig config(RecreatePolicy policy, bool withSetup) const;

  [[nodiscard]] std::vector<SandboxRecord> records();
  /// The only record there is.
  [[nodiscard]] SandboxRecord onlyRecord();
  [[nodiscard]] std::vector<SandboxEvent> events(const SandboxId& id);
  [[nodiscard]] int count(const SandboxId& id, EventReason reason);

 private:
  TempDir directory_;
  std::unique_ptr<World> world_;
  std::shared_ptr<OffsetClock> clock_ = std::make_shared<OffsetClock>();
  std::shared_ptr<RecordStore> store_;
};

/// Every record legal by itself and consistent with what its events tell.
void checkHistories(Scene& scene);

/// recover() brings everything in order: no orphan stands, nothing is owed, and a second one has nothing to
/// do.
void checkRecovers(Scene& scene);

/// Destroys all and looks for what is left: sandboxes, processes, debts.
void checkEndsClean(Scene& scene);

}  // namespace mooring::test
