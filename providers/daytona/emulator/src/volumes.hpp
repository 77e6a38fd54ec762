// Volumes: their rows, and the directories behind them.
#pragma once

#include "world.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

struct Volume {
  std::string id = {};
  std::string name = {};
  std::string organizationId = {};
  std::string_view state = {};  ///< What is told: "pending_create", "ready", "pending_delete", "deleted".
  int looks = 0;                ///< So many look-ups still see a pending state.
  Timestamp createdAt = {};
  Timestamp updatedAt = {};
  std::optional<Timestamp> lastUsedAt = {};
};

boost::json::object toJson(const Volume& volume);

/// Threads: the loop.
class Volumes {
 public:
  explicit Volumes(World& world) : world_(world) {}

  /// Errors: status 400 when the name is taken.
  Task<Volume*> create(Caller caller, std::string name);
  /// Errors: status 404.
  Result<Volume*> byId(const Caller& caller, const std::string& id);
  Result<Volume*> byName(const Caller& caller, const std::string& name);
  std::vector<Volume*> list(const Caller& caller, bool withDeleted);
  /// Errors: status 400 (not ready), 409 (in use).
  Task<void> remove(Volume* volume);

  /// What a creation refers to, by id or name; it must be ready. Errors: status 400, 404.
  Result<Volume*> forMount(const Caller& caller, const std::string& reference);

 private:
  void look(Volume& volume) const;

  World& world_;
  std::vector<std::unique_ptr<Volume>> all_;
};

}  // namespace mooring::daytona::emulator
