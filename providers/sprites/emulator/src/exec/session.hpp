// One command that runs, and those who watch it.
#pragma once

#include <mooring/command.hpp>
#include <mooring/emulation/waiting.hpp>
#include <mooring/sources.hpp>

#include "exec/process.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::sprites::emulated {

/// Output in the order in which it came.
struct Piece {
  Stream stream = Stream::out;
  std::string bytes = {};
};

/// One client of a session: pieces on their way to it.
struct Viewer {
  explicit Viewer(const boost::asio::any_io_executor& loop) : changed(loop) {}
  std::deque<Piece> pieces = {};
  std::size_t waiting = 0;  ///< Bytes in `pieces`.
  bool left = false;
  emulation::Notice changed;
};

using ViewerPtr = std::shared_ptr<Viewer>;

struct SessionSpec {
  ProcessSpec process = {};
  bool detachable = false;
  std::chrono::milliseconds maxRun = {};  ///< After the last client has gone. Zero: for ever.
  std::size_t replayBytes = 65536;
};

/// Threads: the loop. Lifetime: shared with its process.
class Session final : public ProcessObserver, public std::enable_shared_from_this<Session> {
 public:
  /// `ended` is called when its process has.
  Session(const boost::asio::any_io_executor& loop,
          std::shared_ptr<Clock> clock,
          SessionSpec spec,
          std::function<void(const Session&)> ended);

  /// To be called once. Errors: those of startProcess().
  Task<void> start(emulation::MachinePtr machine, emulation::BackgroundPtr background);

  [[nodiscard]] std::string id() const { return process_ ? std::to_string(process_->id()) : std::string(); }
  [[nodiscard]] const SessionSpec& spec() const { return spec_; }
  [[nodiscard]] bool tty() const { return spec_.process.tty; }
  [[nodiscard]] std::string command() const;  ///< argv, joined by spaces.
  [[nodiscard]] Timestamp createdAt() const { return createdAt_; }
  [[nodiscard]] Timestamp lastActivity() const { return lastActivity_; }
  [[nodiscard]] bool watched() const { return !viewers_.empty(); }
  [[nodiscard]] const std::optional<int>& exitCode() const { return exitCode_; }
  /// What it printed last, up to the limit.
  [[nodiscard]] const std::deque<Piece>& replay() const { return replay_; }
  [[nodiscard]] std::size_t replaySize() const { return replaySize_; }
  [[nodiscard]] Process& process() { return *process_; }

  /// Sees what comes from now on.
  ViewerPtr join();
  /// The last one to go starts the count of maxRun.
  void leave(const ViewerPtr& viewer);
  /// The next piece for `viewer`, in one with what follows on the same stream, up to `most` bytes; nothing
  /// when none waits.
  std::optional<Piece> take(Viewer& viewer, std::size_t most);
  Task<void> awaitEnd();

  void onOutput(Stream stream, std::string_view bytes) override;
  void onEnd(int exitCode) override;
  [[nodiscard]] bool wantsMore() const override;

 private:
  void orphan();
  static boost::asio::awaitable<void> killOrphan(std::shared_ptr<Session> self);
  void keep(Stream stream, std::string_view bytes);

  boost::asio::any_io_executor loop_;
  std::shared_ptr<Clock> clock_;
  SessionSpec spec_;
  std::function<void(const Session&)> ended_;
  ProcessPtr process_;
  Timestamp createdAt_;
  Timestamp lastActivity_;
  std::vector<ViewerPtr> viewers_;
  std::deque<Piece> replay_;
  std::size_t replaySize_ = 0;
  std::optional<int> exitCode_;
  emulation::Notice changed_;
  boost::asio::steady_timer orphaned_;
};

using SessionPtr = std::shared_ptr<Session>;

}  // namespace mooring::sprites::emulated
