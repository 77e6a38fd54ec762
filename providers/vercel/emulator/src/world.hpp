// All that one emulated cloud holds, and how it is found.
#pragma once

#include <mooring/emulation/background.hpp>
#include <mooring/emulation/emulator.hpp>
#include <mooring/emulation/proxy.hpp>

#include "knobs.hpp"
#include "saved_files.hpp"
#include "state.hpp"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::vercel::emulated {

/// Threads: the stage's loop.
class World : public std::enable_shared_from_this<World> {
 public:
  World(emulation::Stage stage, Knobs knobs);

  emulation::Stage stage;
  Knobs knobs;
  emulation::BackgroundPtr background;
  ArchiveFolder archives;
  emulation::PreviewAddresses previews;
  std::map<std::pair<Scope, std::string>, SandboxPtr> sandboxes;
  std::map<std::string, SessionPtr> sessions;
  std::map<std::string, SnapshotPtr> snapshots;
  std::map<std::pair<Scope, std::string>, DrivePtr> drives;
  std::vector<SandboxPtr> formerSandboxes;  ///< As they were before the last one came or went.

  [[nodiscard]] Millis now() const;

  /// Shaped as the service's: "sbx_" and 28 letters and digits, and so on.
  std::string newSessionId() { return "sbx_" + letters(28, base62); }
  std::string newSnapshotId() { return "snap_" + letters(28, base62); }
  std::string newCommandId() { return "cmd_" + letters(28, hex); }
  std::string newDriveId() { return "drv_" + letters(28, base62); }
  std::string newSubdomain() { return "sb-" + letters(12, base36); }
  std::string newToken() { return letters(40, base62); }
  /// "quiet-amber-otter-Xy12ab".
  std::string newName();

  /// Errors: 404.
  [[nodiscard]] Result<SandboxPtr> sandbox(const Scope& scope, const std::string& name) const;
  /// Of that team. Errors: 404.
  [[nodiscard]] Result<SessionPtr> session(const std::string& team, const std::string& id) const;
  /// Errors: 404; 410 sandbox_stopped; 422 sandbox_stopping or sandbox_snapshotting.
  [[nodiscard]] Result<SessionPtr> runningSession(const std::string& team, const std::string& id) const;
  [[nodiscard]] Result<SnapshotPtr> snapshot(const std::string& team, const std::string& id) const;
  [[nodiscard]] Result<DrivePtr> drive(const Scope& scope, const std::string& name) const;
  [[nodiscard]] std::size_t runningSessions(const std::string& team) const;

  void add(SandboxPtr sandbox);
  /// Fine when it is not there.
  void forget(const SandboxPtr& sandbox);

 private:
  static constexpr std::string_view base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static constexpr std::string_view base36 = "abcdefghijklmnopqrstuvwxyz0123456789";
  static constexpr std::string_view hex = "0123456789abcdef";

  void rememberSandboxes();
  std::string letters(std::size_t count, std::string_view alphabet);

  std::mt19937_64 random_;
};

using WorldPtr = std::shared_ptr<World>;

}  // namespace mooring::vercel::emulated
