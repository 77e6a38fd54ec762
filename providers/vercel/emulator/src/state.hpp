// What the emulated cloud holds: plain data, and who refers to whom.
#pragma once

#include <mooring/emulation/background.hpp>
#include <mooring/emulation/machines.hpp>
#include <mooring/emulation/waiting.hpp>

#include "command_log.hpp"
#include "policy.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::vercel::emulated {

/// Milliseconds: since 1970, or long.
using Millis = std::int64_t;

/// Whose a resource is. Nobody sees another's.
struct Scope {
  std::string team = {};
  std::string project = {};
  friend auto operator<=>(const Scope&, const Scope&) = default;
};

enum class Status { pending, running, stopping, stopped, failed, aborted, snapshotting };

struct KeepLast {
  Millis count = 1;
  std::optional<Millis> expiration = {};
  std::optional<bool> deleteEvicted = {};
};

enum class MountMode { readWrite, snapshot };

struct Mount {
  std::string drive = {};
  MountMode mode = MountMode::readWrite;
};

struct Route {
  int port = 0;
  std::string subdomain = {};
  std::string url = {};
};

/// What a sandbox gives to each of its sessions.
struct Settings {
  std::vector<int> ports = {};
  Millis timeout = 300'000;
  Millis vcpus = 2;
  std::string runtime = {};  ///< Empty: made from an image.
  std::string image = "vercel/sandbox/universal";
  bool persistent = true;
  std::optional<Policy> networkPolicy = {};
  std::string networkId = {};
  std::map<std::string, std::string> env = {};
  std::map<std::string, std::string> tags = {};
  std::optional<Millis> snapshotExpiration = {};
  std::optional<KeepLast> keepLast = {};
  std::map<std::string, Mount> mounts = {};
  std::string region = "iad1";
  std::vector<std::string> failoverRegions = {};
};

struct Snapshot {
  std::string id = {};
  Scope scope = {};
  std::string sandboxName = {};
  std::string sourceSessionId = {};
  std::string parentId = {};  ///< The snapshot that its session came from.
  std::string region = {};
  std::string status = "created";
  bool automatic = false;
  std::uint64_t sizeBytes = 0;
  Millis createdAt = 0;
  Millis updatedAt = 0;
  Millis lastUsedAt = 0;
  Millis lifetime = 0;    ///< After its last use. Zero: for ever.
  std::string home = {};  ///< Where its files were.

  [[nodiscard]] std::optional<Millis> expiresAt() const {
    if (lifetime == 0) return std::nullopt;
    return lastUsedAt + lifetime;
  }
  [[nodiscard]] bool usable(Millis now) const {
    return status == "created" && (lifetime == 0 || lastUsedAt + lifetime > now);
  }
};

using SnapshotPtr = std::shared_ptr<Snapshot>;

struct Sandbox;

/// One running (or ended) virtual machine of a sandbox.
struct Session {
  explicit Session(const boost::asio::any_io_executor& loop) : changed(loop), expiry(loop) {}

  std::string id = {};
  std::string sandboxName = {};
  std::weak_ptr<Sandbox> sandbox = {};
  Scope scope = {};
  Status status = Status::pending;
  Millis requestedAt = 0;
  Millis startedAt = 0;
  Millis updatedAt = 0;
  std::optional<Millis> requestedStopAt = {};
  std::optional<Millis> stoppedAt = {};
  std::optional<Millis> abortedAt = {};
  std::optional<Millis> snapshottedAt = {};
  std::string sourceSnapshotId = {};
  Settings settings = {};  ///< As they were when it started; its timeout may have been extended.
  std::string cwd = {};
  emulation::MachinePtr machine = {};
  std::string terminalToken = {};                          ///< Of those who asked for a terminal.
  std::vector<std::shared_ptr<CommandRun>> commands = {};  ///< In the order of their start.
  SnapshotPtr lastSnapshot = {};                           ///< What its end left.
  emulation::Notice changed;                               ///< Its status did.
  boost::asio::steady_timer expiry;

  [[nodiscard]] bool over() const {
    return status == Status::stopped || status == Status::failed || status == Status::aborted;
  }
};

using SessionPtr = std::shared_ptr<Session>;

/// A named record; its sessions come and go.
struct Sandbox {
  std::string name = {};
  Scope scope = {};
  Settings settings = {};
  Millis createdAt = 0;
  Millis updatedAt = 0;
  Millis statusUpdatedAt = 0;
  std::string currentSnapshotId = {};
  std::vector<SessionPtr> sessions = {};  ///< Oldest first; never empty.
  std::vector<Route> routes = {};
  /// While a new session is being made from the last snapshot.
  std::shared_ptr<emulation::Pending<SessionPtr>> waking = {};

  [[nodiscard]] const SessionPtr& current() const { return sessions.back(); }
};

using SandboxPtr = std::shared_ptr<Sandbox>;

struct Drive {
  std::string id = {};
  std::string name = {};
  Scope scope = {};
  std::string region = {};
  Millis maxSizeBytes = 0;
  Millis createdAt = 0;
  Millis updatedAt = 0;
  bool written = false;     ///< It has been mounted for writing once.
  std::string writer = {};  ///< The id of the session that may write to it now.
};

using DrivePtr = std::shared_ptr<Drive>;

}  // namespace mooring::vercel::emulated

template <>
struct mooring::detail::EnumText<mooring::vercel::emulated::Status> {
  using Status = mooring::vercel::emulated::Status;
  static constexpr std::array entries{
      std::pair{Status::pending, std::string_view("pending")},
      std::pair{Status::running, std::string_view("running")},
      std::pair{Status::stopping, std::string_view("stopping")},
      std::pair{Status::stopped, std::string_view("stopped")},
      std::pair{Status::failed, std::string_view("failed")},
      std::pair{Status::aborted, std::string_view("aborted")},
      std::pair{Status::snapshotting, std::string_view("snapshotting")},
  };
};

template <>
struct mooring::detail::EnumText<mooring::vercel::emulated::MountMode> {
  using Mode = mooring::vercel::emulated::MountMode;
  static constexpr std::array entries{
      std::pair{Mode::readWrite, std::string_view("read-write")},
      std::pair{Mode::snapshot, std::string_view("snapshot")},
  };
};
