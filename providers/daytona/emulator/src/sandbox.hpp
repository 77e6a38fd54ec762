// One sandbox as the control plane knows it.
#pragma once

#include <mooring/detail/enum_text.hpp>
#include <mooring/emulation/machines.hpp>
#include <mooring/sources.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::daytona::emulator {

enum class State {
  creating,
  restoring,
  destroyed,
  destroying,
  started,
  stopped,
  starting,
  stopping,
  error,
  buildFailed,
  pendingBuild,
  buildingSnapshot,
  archived,
  archiving,
};

}  // namespace mooring::daytona::emulator

template <>
struct mooring::detail::EnumText<mooring::daytona::emulator::State> {
  using State = mooring::daytona::emulator::State;
  static constexpr std::array entries{
      std::pair{State::creating, std::string_view("creating")},
      std::pair{State::restoring, std::string_view("restoring")},
      std::pair{State::destroyed, std::string_view("destroyed")},
      std::pair{State::destroying, std::string_view("destroying")},
      std::pair{State::started, std::string_view("started")},
      std::pair{State::stopped, std::string_view("stopped")},
      std::pair{State::starting, std::string_view("starting")},
      std::pair{State::stopping, std::string_view("stopping")},
      std::pair{State::error, std::string_view("error")},
      std::pair{State::buildFailed, std::string_view("build_failed")},
      std::pair{State::pendingBuild, std::string_view("pending_build")},
      std::pair{State::buildingSnapshot, std::string_view("building_snapshot")},
      std::pair{State::archived, std::string_view("archived")},
      std::pair{State::archiving, std::string_view("archiving")},
  };
};

namespace mooring::daytona::emulator {

class Daemon;

struct Mount {
  std::string volumeId = {};
  std::string mountPath = {};
};

/// A state that is told for some look-ups, and at least until a time, before the next one is.
struct Step {
  State state = State::started;
  int looks = 0;
  Timestamp until = {};
};

/// What is told of a sandbox. Plain data: outdated listings are made of copies.
struct SandboxFacts {
  std::string id = {};
  std::string organizationId = {};
  std::string name = {};
  std::string snapshot = {};
  std::string user = "daytona";
  std::string target = "us";
  std::string daemonVersion = {};
  std::map<std::string, std::string> env = {};
  std::map<std::string, std::string> labels = {};
  bool isPublic = false;
  bool networkBlockAll = false;
  std::optional<std::string> networkAllowList = {};
  std::optional<std::string> domainAllowList = {};
  std::int64_t cpu = 1;
  std::int64_t memory = 1;
  std::int64_t disk = 3;
  std::int64_t autoStop = 15;
  std::int64_t autoArchive = 10080;
  std::int64_t autoDelete = -1;
  std::optional<std::int64_t> autoPause = {};
  std::optional<Timestamp> autoDestroyAt = {};
  std::vector<Mount> volumes = {};
  boost::json::object buildInfo = {};  ///< Empty: made from a snapshot.
  State state = State::started;
  State desired = State::started;
  std::string errorReason = {};
  bool recoverable = false;
  Timestamp createdAt = {};
  Timestamp updatedAt = {};
  Timestamp lastActivityAt = {};

  [[nodiscard]] bool isEphemeral() const { return autoDelete == 0; }
};

struct Sandbox {
  SandboxFacts facts = {};
  std::deque<Step> steps = {};  ///< What is told before facts.state.
  bool changing = false;        ///< A transition is being worked on.
  bool dead = false;            ///< Nothing answers inside, though it is said to be started.
  std::string previewToken = {};
  std::string signingKey = {};
  emulation::MachinePtr machine = {};
  std::shared_ptr<Daemon> daemon = {};  ///< Null unless it runs.

  /// What a client is told now.
  [[nodiscard]] State told() const { return steps.empty() ? facts.state : steps.front().state; }
  [[nodiscard]] bool inTransition() const { return changing || !steps.empty(); }
};

using SandboxPtr = std::shared_ptr<Sandbox>;

/// The whole object; `state` is what is told.
boost::json::object toJson(const SandboxFacts& facts, State state, const std::string& toolboxUrl);
/// As listings have it: without env, volumes and buildInfo.
boost::json::object toListItem(const SandboxFacts& facts, State state, const std::string& toolboxUrl);

}  // namespace mooring::daytona::emulator
