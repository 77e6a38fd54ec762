// Commands: what the API says about one, and its output as log lines.
#pragma once

#include <mooring/emulation/background.hpp>
#include <mooring/emulation/machines.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::vercel::emulated {

/// Where a log line's bytes are in its stream.
struct LogPiece {
  Stream stream = Stream::out;
  std::uint64_t offset = 0;
  std::size_t size = 0;
};

/// One command of a session. Its output stays in the machine's files; only where the lines are cut is held.
struct CommandRun {
  explicit CommandRun(const boost::asio::any_io_executor& loop) : changed(loop) {}

  std::string id = {};
  std::string program = {};
  std::vector<std::string> args = {};
  std::string cwd = {};
  std::string sessionId = {};
  std::int64_t startedAt = 0;
  std::optional<int> exitCode = {};
  std::int64_t durationMs = 0;
  std::vector<LogPiece> pieces = {};
  bool over = false;  ///< Nothing more comes. Without an exit code its session ended first.
  emulation::Notice changed;
};

using CommandRunPtr = std::shared_ptr<CommandRun>;

/// Cuts what the command prints into pieces of at most `pieceSize` bytes, in the order of their arrival,
/// until both streams have ended.
Task<void> followOutput(emulation::MachinePtr machine,
                        CommandRunPtr run,
                        std::size_t pieceSize,
                        emulation::BackgroundPtr background);

/// {"stream":…,"data":…}. What is no UTF-8, as a character that the cut goes through, is replaced, as by the
/// service: log lines are text.
Task<std::string> logLine(emulation::MachinePtr machine, CommandRunPtr run, LogPiece piece);

/// {"stream":"error",…}: the session has ended.
std::string streamClosedLine();

}  // namespace mooring::vercel::emulated
