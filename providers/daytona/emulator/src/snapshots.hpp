// Snapshots: what sandboxes are said to be made from. All of them are the same machine in truth.
#pragma once

#include "world.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

struct Snapshot {
  std::string id = {};
  std::string organizationId = {};  ///< Empty: everybody's.
  std::string name = {};
  std::string imageName = {};
  std::string_view state = {};  ///< "pending", "building", "active", "inactive", "build_failed".
  int looks = 0;
  std::int64_t cpu = 1;
  std::int64_t memory = 1;
  std::int64_t disk = 3;
  std::vector<std::string> entrypoint = {};
  boost::json::object buildInfo = {};
  std::string errorReason = {};
  Timestamp createdAt = {};
  Timestamp updatedAt = {};
};

boost::json::object toJson(const Snapshot& snapshot);

/// The stored form of a build's description; `now` is when it was asked for.
boost::json::object buildInfoOf(const boost::json::object& wish, Timestamp now);
/// Why the build would fail; empty when it would not. Nothing is really built: only a Dockerfile without FROM
/// fails.
std::string buildFlaw(const boost::json::object& buildInfo);

/// Threads: the loop.
class Snapshots {
 public:
  explicit Snapshots(World& world);

  /// What sandboxes are made from when nothing is said.
  [[nodiscard]] const std::string& defaultName() const { return all_.front()->name; }

  /// Errors: status 400, 409.
  Result<Snapshot*> create(const Caller& caller, const boost::json::object& wish);
  /// Errors: status 404.
  Result<Snapshot*> find(const Caller& caller, const std::string& idOrName);
  std::vector<Snapshot*> list(const Caller& caller);
  Result<void> remove(const Caller& caller, const std::string& id);
  /// For a creation: it must be active. Errors: status 400.
  Result<Snapshot*> forCreation(const Caller& caller, const std::string& idOrName);

 private:
  void look(Snapshot& snapshot) const;

  World& world_;
  std::vector<std::unique_ptr<Snapshot>> all_;
};

}  // namespace mooring::daytona::emulator
