// Services: commands that a sprite keeps running.
#pragma once

#include "exec/process.hpp"
#include "world.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::sprites::emulated {

struct ServiceDefinition {
  std::string command = {};
  std::vector<std::string> args = {};
  std::map<std::string, std::string> env = {};
  std::string directory = {};
  std::vector<std::string> needs = {};
  int httpPort = 0;  ///< 0: none.

  friend bool operator==(const ServiceDefinition&, const ServiceDefinition&) = default;
};

/// What happens to a service, for one who follows it.
struct Followed {
  explicit Followed(const boost::asio::any_io_executor& loop) : changed(loop) {}
  std::deque<boost::json::object> events = {};
  emulation::Notice changed;
};

/// Threads: the loop.
class Service final : public ProcessObserver, public std::enable_shared_from_this<Service> {
 public:
  enum class State { stopped, starting, running, stopping, failed };

  Service(WorldPtr world, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ServiceDefinition& definition() const { return definition_; }
  void define(ServiceDefinition definition) { definition_ = std::move(definition); }
  [[nodiscard]] bool runs() const { return state_ == State::starting || state_ == State::running; }
  /// It is to be started whenever its sprite is.
  [[nodiscard]] bool wanted() const { return wanted_; }

  /// Fine when it runs. Errors: those of startProcess().
  Task<void> start(emulation::MachinePtr machine);
  /// SIGTERM, then after `patience` SIGKILL. Fine when it does not run.
  Task<void> stop(std::chrono::milliseconds patience);
  Task<void> signal(int number);

  /// Sees what happens from now on.
  std::shared_ptr<Followed> follow();
  /// The last lines of its output, as events.
  [[nodiscard]] std::vector<boost::json::object> log(std::size_t lines) const;
  [[nodiscard]] boost::json::object json() const;

  void onOutput(Stream stream, std::string_view bytes) override;
  void onEnd(int exitCode) override;
  [[nodiscard]] bool wantsMore() const override { return true; }

 private:
  boost::json::object event(std::string_view type) const;
  void tell(boost::json::object event);
  void announce();
  void become(State state);

  std::weak_ptr<World> world_;
  boost::asio::any_io_executor loop_;
  std::shared_ptr<Clock> clock_;
  std::string name_;
  ServiceDefinition definition_;
  ProcessPtr process_;
  State state_ = State::stopped;
  bool wanted_ = false;
  std::optional<Timestamp> startedAt_;
  std::string error_;
  int starts_ = 0;
  bool announced_ = false;  ///< That it has started.
  std::deque<boost::json::object> log_;
  std::vector<std::weak_ptr<Followed>> followers_;
  emulation::Notice changed_;
};

using ServicePtr = std::shared_ptr<Service>;

/// Those that are wanted, each after what it needs. Goes on in the background.
void startServices(const WorldPtr& world, const SpritePtr& sprite);
/// One, and what it needs. Errors: 400 (it needs one that is not there).
Task<void> startService(WorldPtr world, SpritePtr sprite, ServicePtr service);
/// The port that the sprite's address leads to.
int webPort(const World& world, const Sprite& sprite);

}  // namespace mooring::sprites::emulated
