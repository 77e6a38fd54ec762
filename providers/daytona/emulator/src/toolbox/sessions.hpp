// A daemon's sessions.
#pragma once

#include "toolbox/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

/// By their names, in the order in which they were made. Threads: the loop.
class Sessions {
 public:
  [[nodiscard]] const std::vector<SessionPtr>& all() const { return sessions_; }
  /// Null when there is none of that name.
  [[nodiscard]] SessionPtr find(std::string_view id) const;
  /// Keeps a name until add() or release(). False when it is taken.
  bool reserve(const std::string& id);
  void add(SessionPtr session);
  void release(const std::string& id);
  void remove(const SessionPtr& session);
  void end();

 private:
  std::vector<SessionPtr> sessions_;
  std::vector<std::string> reserved_;
};

/// Errors: status 404.
Result<SessionPtr> sessionOf(Daemon& daemon, const emulation::Request& request);
Result<SessionCommandPtr> commandOf(const SessionPtr& session, const emulation::Request& request);

}  // namespace mooring::daytona::emulator
