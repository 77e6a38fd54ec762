// The sandboxes of an emulator, who may see them, and how they change.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include "sandbox.hpp"
#include "settings.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mooring::daytona::emulator {

/// Who asks.
struct Caller {
  std::string organizationId = {};
};

/// Threads: the loop.
class World {
 public:
  World(const emulation::Stage& stage, Settings settings)
      : stage_(stage), settings_(std::move(settings)), endedOne_(stage.loop) {}

  [[nodiscard]] const emulation::Stage& stage() const { return stage_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Timestamp now() const { return stage_.clock->now(); }
  [[nodiscard]] std::string toolboxUrl() const { return stage_.baseUrl + "/toolbox"; }
  /// Of lower-case letters and digits; different each time.
  std::string newToken(std::size_t length);

  /// Errors: status 401 or 403, as the control plane says it.
  [[nodiscard]] Result<Caller> authenticate(const emulation::Request& request) const;

  /// Is called with what a client is told before and after each change of a state.
  using OnState = std::function<void(const SandboxFacts&, State before, State now)>;
  void onState(OnState callback) { onState_ = std::move(callback); }

  /// By id or name. Errors: status 404.
  [[nodiscard]] Result<SandboxPtr> find(const Caller& caller, const std::string& idOrName) const;
  /// Whoever it belongs to. Errors: status 404.
  [[nodiscard]] Result<SandboxPtr> findAny(const std::string& idOrName) const;
  /// Null when there is none, or it is destroyed.
  [[nodiscard]] SandboxPtr byId(const std::string& id) const;
  /// By id or name, and one transition seen less. For what tells a client the state.
  Result<SandboxPtr> look(const Caller& caller, const std::string& idOrName);
  [[nodiscard]] std::vector<SandboxPtr> all(const Caller& caller) const;
  /// A request that may change something begins: what is true now is what outdated listings will show.
  void beginRequest() { remembered_ = false; }
  /// As they were before the last request that changed something.
  [[nodiscard]] const std::vector<SandboxFacts>& before() const { return before_; }
  /// Whether a sandbox that is not destroyed refers to the volume.
  [[nodiscard]] bool usesVolume(const std::string& volumeId) const;

  /// Errors: status 409 when the name is taken.
  Result<SandboxPtr> add(SandboxFacts facts);

  /// One change of a sandbox at a time. Errors: status 409 while another is under way.
  Result<void> beginChange(Sandbox& sandbox);
  /// Ends it. Where the settings ask for slow transitions, clients see `steps` before `last`.
  void endChange(Sandbox& sandbox, const std::vector<State>& steps, State last);
  /// Lets clients see `steps` first, whatever the settings are: at least one look-up each.
  void pretend(Sandbox& sandbox, const std::vector<State>& steps);
  /// A change of what does not take time.
  void noteChange(Sandbox& sandbox);

  /// Makes or wakes its machine and boots its daemon.
  Task<void> boot(SandboxPtr sandbox);
  /// Ends its processes; its files stay.
  Task<void> halt(SandboxPtr sandbox);
  /// Removes its machine and its name; what is left is a row in state `destroyed` that nobody finds.
  Task<void> destroy(SandboxPtr sandbox);

  /// What the sandboxes' own intervals have brought about since somebody last looked; carried out in the
  /// background.
  void sweep();
  /// The same, carried out.
  Task<void> settle();

  /// Ends what goes on inside the sandboxes; they stay.
  void endDaemons();

  /// For requests to the toolbox: credentials first, then the sandbox's state.
  /// Errors: status 401, 400 or 502, as the proxy says it; an empty message is an empty body.
  Result<SandboxPtr> reach(const emulation::Request& request);

  /// Puts it into `state` behind the client's back. Errors: status 400 (no such state).
  Task<void> disturb(SandboxPtr sandbox, std::string state);

 private:
  void remember();
  void tellFrom(State before, const Sandbox& sandbox) const;
  void sweep(const SandboxPtr& sandbox);
  /// Carries out an end that clients are told of already.
  static boost::asio::awaitable<void> endInBackground(World& world, SandboxPtr sandbox, bool forGood);

  const emulation::Stage& stage_;
  Settings settings_;
  std::map<std::string, SandboxPtr> byId_;
  std::vector<SandboxFacts> before_;
  bool remembered_ = false;  ///< For the request at hand.
  OnState onState_;
  int ending_ = 0;  ///< Ends under way in the background.
  emulation::Notice endedOne_;
};

}  // namespace mooring::daytona::emulator
