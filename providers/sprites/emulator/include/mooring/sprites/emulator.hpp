/// Sprites on loopback, with real processes: for tests, and for work without an account.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::sprites {

namespace emulated {
class World;
}

/// What stands behind one sprite.
struct EmulatedSprite {
  std::string id = {};
  std::string name = {};
  std::string organization = {};
  std::string status = {};  ///< "cold", "warm" or "running".
  bool inUse = false;       ///< Somebody keeps it awake.
  std::vector<std::string> labels = {};
  std::vector<std::string> sessions = {};  ///< The ids of the commands that run.
};

/// The API of @fly/sprites 0.1. providers/sprites/emulator/README.md says what is real, what is pretended and
/// which settings there are. Threads: the stage's loop; from elsewhere use emulation::Host::onLoop() and
/// runOnLoop().
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
  [[nodiscard]] Result<void> checkManner(const std::string& manner) const override;
  Task<void> shutDown() override;

  /// By organization and name.
  [[nodiscard]] std::vector<EmulatedSprite> sprites() const;

  /// Does to a sprite what happens behind a client's back, and returns when it is done:
  ///   "warm"       it pauses: connections drop, processes freeze
  ///   "cold"       it pauses for longer: processes are gone, the files of its home stay
  ///   "dropped"    its connections break; nothing else happens
  ///   "restarted"  its machine starts anew
  ///   "gone"       it was deleted
  /// Errors: notFound (no such sprite), invalidArgument (another state).
  Task<void> put(std::string name, std::string state);

  /// Lets all that is due by the stage's clock fall asleep now, instead of when a timer says so: for tests
  /// that move the clock themselves.
  Task<void> settle();

 private:
  explicit Emulator(std::shared_ptr<emulated::World> world) : world_(std::move(world)) {}

  std::shared_ptr<emulated::World> world_;
};

/// For the list in providers/CMakeLists.txt. Errors: invalidArgument (settings).
Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage);

}  // namespace mooring::sprites
