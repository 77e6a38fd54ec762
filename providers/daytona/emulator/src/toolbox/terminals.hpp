// A daemon's terminals (PTY sessions).
#pragma once

#include <mooring/emulation/terminal.hpp>
#include <mooring/emulation/waiting.hpp>
#include <mooring/http/websocket.hpp>

#include "toolbox/daemon.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

struct PtySpec {
  std::string id = {};
  int columns = 80;
  int rows = 24;
  std::string cwd = {};
  std::map<std::string, std::string> environment = {};
  bool lazyStart = false;
};

/// How a terminal's program ended.
struct PtyEnd {
  int exitCode = 0;
  std::string reason = {};  ///< Empty after exit code 0.
};

/// One client of a terminal: frames on their way to it.
struct PtyViewer {
  explicit PtyViewer(const boost::asio::any_io_executor& loop) : changed(loop) {}
  std::deque<std::string> frames = {};
  bool tooSlow = false;
  bool left = false;
  emulation::Notice changed;
};

/// One terminal. What it shows goes to those who look at that time; nothing is kept for others.
/// Threads: the loop. Lifetime: shared with its viewers and what it has going on.
class Pty : public std::enable_shared_from_this<Pty> {
 public:
  Pty(DaemonPtr daemon, PtySpec spec);

  [[nodiscard]] const PtySpec& spec() const { return spec_; }
  [[nodiscard]] Timestamp createdAt() const { return createdAt_; }
  [[nodiscard]] bool started() const { return terminal_ != nullptr; }
  [[nodiscard]] const std::optional<PtyEnd>& ended() const { return end_; }

  /// Starts its program, unless it runs. Errors: those of the machine.
  Task<void> start();
  std::shared_ptr<PtyViewer> join();
  void leave(const std::shared_ptr<PtyViewer>& viewer);
  Task<void> type(std::string bytes);
  Task<void> resize(int columns, int rows);
  /// Kills its program.
  Task<void> kill();
  /// Its sandbox has been stopped.
  void forget();

 private:
  static boost::asio::awaitable<void> show(std::shared_ptr<Pty> self);
  void finish(PtyEnd end);

  DaemonPtr daemon_;
  PtySpec spec_;
  Timestamp createdAt_;
  std::shared_ptr<emulation::Terminal> terminal_;
  std::vector<std::shared_ptr<PtyViewer>> viewers_;
  std::optional<PtyEnd> end_;
};

using PtyPtr = std::shared_ptr<Pty>;

/// By id. Threads: the loop.
class Terminals {
 public:
  [[nodiscard]] const std::map<std::string, PtyPtr, std::less<>>& all() const { return terminals_; }
  [[nodiscard]] PtyPtr find(std::string_view id) const;
  /// False when the id is taken.
  bool add(PtyPtr pty);
  void remove(const PtyPtr& pty);
  void end();

 private:
  std::map<std::string, PtyPtr, std::less<>> terminals_;
};

}  // namespace mooring::daytona::emulator
