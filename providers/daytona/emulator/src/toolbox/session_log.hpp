// A session's output, taken apart by command.
#pragma once

#include <mooring/command.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mooring::daytona::emulator {

/// What stands before each line in a command's log.
inline constexpr std::string_view outMarker = "\x01\x01\x01";
inline constexpr std::string_view errMarker = "\x02\x02\x02";

/// One command's log, as the daemon keeps it: whole lines, each behind the marker of its stream, in the order
/// in which they came.
class SessionLog {
 public:
  void add(Stream stream, std::string_view bytes);
  /// The stream has ended: a line without an end gets one.
  void close(Stream stream);

  [[nodiscard]] const std::string& marked() const { return marked_; }
  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& err() const { return err_; }
  /// Both, in order, without the markers.
  [[nodiscard]] const std::string& plain() const { return plain_; }

 private:
  void addLine(Stream stream, std::string_view line);

  std::string marked_;
  std::string plain_;
  std::string out_;
  std::string err_;
  std::string partialOut_;
  std::string partialErr_;
};

/// Cuts one stream of a session's shell where a command ends. The shell prints a mark there: RS, the
/// command's id, ':', its exit code, RS.
class SessionCutter {
 public:
  struct Piece {
    std::string bytes = {};
    std::optional<int> exitCode = {};  ///< The command has ended after these bytes.
  };

  void push(std::string_view bytes) { buffer_ += bytes; }
  /// The next piece of what the command `id` printed; nothing while more is needed to tell.
  std::optional<Piece> next(std::string_view id);

 private:
  std::string buffer_;
};

/// What the shell runs to print the mark, with the exit code taken from `code`, a word of the shell.
std::string markStatement(std::string_view id, std::string_view code, int descriptor);

}  // namespace mooring::daytona::emulator
