/// Vercel Sandbox on loopback, with real processes: for tests, and for work without an account.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::vercel {

namespace emulated {
class World;
}

/// What stands behind one named sandbox.
struct EmulatedSandbox {
  std::string name = {};
  std::string project = {};
  std::string status = {};      ///< Of its current session, in the API's words: "running", "stopped" …
  std::string sessionId = {};   ///< The current one.
  std::size_t sessions = 0;     ///< How many it has had.
  std::string snapshotId = {};  ///< What it resumes from; empty: it cannot.
  std::map<std::string, std::string> tags = {};
};

/// The API of @vercel/sandbox 3.x, at the root and below "/api". providers/vercel/emulator/README.md says
/// what is real, what is pretended and which settings there are. Threads: the stage's loop; from elsewhere
/// use emulation::Host::onLoop() and runOnLoop().
class Emulator final : public emulation::Emulator {
 public:
  /// Errors: invalidArgument (a setting that it does not know).
  static Result<std::unique_ptr<Emulator>> make(const emulation::Stage& stage);
  ~Emulator() override;

  void addRoutes(emulation::Router& router) override;
  [[nodiscard]] emulation::Reply errorReply(const emulation::Request& request,
                                            const Error& error) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const override;
  Task<void> disturb(const emulation::Request& request, std::string state) override;
  Task<void> shutDown() override;

  /// By project and name.
  [[nodiscard]] std::vector<EmulatedSandbox> sandboxes() const;

  /// Does to a sandbox what happens behind a client's back, and returns when it is done:
  ///   "stopped"       its time is over; a persistent one leaves a snapshot
  ///   "stopping"      the same, and returns as it begins (setting stopMs: how long it takes)
  ///   "snapshotting"  likewise, for a snapshot
  ///   "failed", "aborted"  its machine broke, or was taken away
  ///   "unresumable"   it stopped and its snapshot is lost
  ///   "gone"          it was deleted
  /// Errors: notFound (no such sandbox), invalidArgument (another state).
  Task<void> put(std::string name, std::string state);

 private:
  explicit Emulator(std::shared_ptr<emulated::World> world) : world_(std::move(world)) {}

  std::shared_ptr<emulated::World> world_;
};

/// For the list in providers/CMakeLists.txt. Errors: invalidArgument (settings).
Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage);

}  // namespace mooring::vercel
