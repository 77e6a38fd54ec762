// What the emulated cloud holds: plain data, and who refers to whom.
#pragma once

#include <mooring/emulation/background.hpp>
#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/machines.hpp>
#include <mooring/emulation/waiting.hpp>

#include "exec/session.hpp"
#include "sleep.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mooring::sprites::emulated {

struct UrlSettings {
  std::string auth = "sprite";  ///< Or "public".
  std::string privateAccess = "admins";
};

struct Checkpoint {
  std::string id = {};  ///< "v3".
  std::string source = {};
  std::string comment = {};
  std::vector<std::string> history = {};
  Timestamp createdAt = {};
  CheckpointId stored = {};  ///< The machine's own.
};

class Service;

struct Sprite {
  Sprite(const boost::asio::any_io_executor& loop, Sleep theSleep) : sleep(theSleep), nap(loop) {}

  std::string id = {};
  std::string name = {};
  std::string organization = {};
  std::string url = {};
  UrlSettings urlSettings = {};
  std::vector<std::string> labels = {};
  Timestamp createdAt = {};
  Timestamp updatedAt = {};
  std::optional<Timestamp> lastRunningAt = {};
  std::optional<Timestamp> lastWarmingAt = {};
  std::int64_t hiddenLooks = 0;

  Sleep sleep;
  boost::asio::steady_timer nap;                            ///< Until it falls asleep by itself.
  emulation::MachinePtr machine = {};                       ///< Made when it first wakes.
  std::shared_ptr<emulation::Pending<void>> changing = {};  ///< Waking, pausing, and so on.
  bool away = false;  ///< Restarting or being restored: the edge answers 502.
  bool removed = false;
  std::set<emulation::Exchange*> connections = {};  ///< What breaks when it pauses.

  std::map<std::string, SessionPtr> sessions = {};  ///< That run, by id.
  std::set<std::string> formerSessions = {};
  std::vector<Checkpoint> checkpoints = {};
  std::string head = {};  ///< The checkpoint that its files go back to.
  std::map<std::string, std::shared_ptr<Service>> services = {};
  std::map<std::string, boost::json::object> policies = {};

  [[nodiscard]] std::pair<std::string, std::string> key() const { return {organization, name}; }
};

using SpritePtr = std::shared_ptr<Sprite>;

}  // namespace mooring::sprites::emulated
