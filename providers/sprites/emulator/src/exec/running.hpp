// Sessions of a sprite: begun, found, watched.
#pragma once

#include "waking.hpp"

#include <string>

namespace mooring::sprites::emulated {

/// Nothing is started by it yet.
SessionPtr newSession(World& world, const SpritePtr& sprite, SessionSpec spec);

/// Starts it and goes on to the end, whoever waits. Errors: those of startProcess().
std::shared_ptr<emulation::Pending<void>> launch(const WorldPtr& world,
                                                 const SpritePtr& sprite,
                                                 const SessionPtr& session);

/// One that runs. Errors: 404.
Result<SessionPtr> sessionOf(const Sprite& sprite, const std::string& id);

/// Somebody who watches a session as long as this lives.
class Watching {
 public:
  explicit Watching(SessionPtr session) : session_(std::move(session)), viewer_(session_->join()) {}
  ~Watching() { session_->leave(viewer_); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  [[nodiscard]] const ViewerPtr& viewer() const { return viewer_; }

 private:
  SessionPtr session_;
  ViewerPtr viewer_;
};

/// "chdir /nowhere: no such file or directory", and what else keeps a command from starting.
std::string startFailure(const SessionSpec& spec, const Error& error);

}  // namespace mooring::sprites::emulated
