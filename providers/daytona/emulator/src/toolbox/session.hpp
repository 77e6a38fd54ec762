// A shell that lives on between commands.
#pragma once

#include <mooring/emulation/waiting.hpp>

#include "toolbox/daemon.hpp"
#include "toolbox/session_log.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::daytona::emulator {

struct SessionCommand {
  std::string id = {};
  std::string text = {};
  bool async = false;
  bool echoesInput = true;
  SessionLog log = {};
  std::optional<int> exitCode = {};  ///< Nothing while it runs, and for ever when it took its shell with it.
};

using SessionCommandPtr = std::shared_ptr<SessionCommand>;

/// Commands run one after the other, in one shell: directory and variables stay, and so does the end of the
/// shell, be it by `exit`, `exec` or `set -e`. Output is cut where the shell says that a command has ended.
/// Threads: the loop. Lifetime: shared with what it has going on.
class Session : public std::enable_shared_from_this<Session> {
 public:
  static Task<std::shared_ptr<Session>> open(DaemonPtr daemon, std::string id);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::vector<SessionCommandPtr>& commands() const { return commands_; }
  [[nodiscard]] SessionCommandPtr find(std::string_view commandId) const;
  /// Its shell is no more, or it has been deleted.
  [[nodiscard]] bool ended() const { return ended_; }
  /// It will never say anything again.
  [[nodiscard]] bool removed() const { return removed_; }
  /// Something was printed, or a command or the shell has ended. Errors: cancelled.
  Task<void> changed() { return changed_.wait(); }
  /// For those who wait for changed() and have another reason to look.
  void wake() { changed_.notify(); }

  /// Hands a command to the shell; it runs after those before it. Errors: status 410 (the shell has ended).
  Task<SessionCommandPtr> execute(std::string text, bool async, bool echoesInput);
  /// To an asynchronous command that runs. Errors: those of the machine.
  Task<void> type(SessionCommandPtr command, std::string text);
  /// Asks all that it started to end, then makes it.
  Task<void> end();
  /// Its sandbox has been stopped.
  void forget();

 private:
  Session(DaemonPtr daemon, std::string id);

  static boost::asio::awaitable<void> watch(std::shared_ptr<Session> self, Stream stream);
  static Task<void> feed(std::shared_ptr<Session> self, SessionCommandPtr command);
  void take(Stream stream, std::string_view bytes);
  [[nodiscard]] std::string inputPipe(const SessionCommand& command) const;
  [[nodiscard]] std::string pidFile() const;

  DaemonPtr daemon_;
  std::string id_;
  std::string process_;  ///< The shell, by its id at the machine.
  std::vector<SessionCommandPtr> commands_;
  SessionCutter outCutter_;
  SessionCutter errCutter_;
  std::size_t outEnded_ = 0;  ///< So many commands have ended on this stream.
  std::size_t errEnded_ = 0;
  bool feeding_ = false;
  bool ended_ = false;
  bool removed_ = false;
  emulation::Notice changed_;
};

using SessionPtr = std::shared_ptr<Session>;

}  // namespace mooring::daytona::emulator
