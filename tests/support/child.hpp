#pragma once

/// Real processes for tests of crashes and races. Tests and children keep step by lines on pipes, never by
/// time: the child announces where it is and waits for a line; the test lets it go on, or kills it there.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace mooring::test {

struct ChildOptions {
  std::vector<std::string> args = {};
  std::map<std::string, std::string> env = {};  ///< Added to this process's.
};

/// A process with its standard input and output on pipes; standard error is the test's own. Killed and reaped
/// by the destructor. Move-only.
class Child {
 public:
  /// Throws std::runtime_error when it cannot be started.
  explicit Child(const std::filesystem::path& program, const ChildOptions& options = ChildOptions());
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  /// The next line it prints, without the newline; nothing at its end. Throws std::runtime_error when none
  /// comes for `limit`, so that a stuck child fails the test instead of hanging it.
  std::optional<std::string> line(std::chrono::seconds limit = std::chrono::seconds(60));
  /// Skips lines until one equals `text`; false when it ended before.
  bool waitFor(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(60));
  /// All that is still to come, up to its end.
  std::vector<std::string> rest(std::chrono::seconds limit = std::chrono::seconds(60));

  /// Writes a line to its standard input; false when it no longer reads.
  bool send(const std::string& text);
  void closeInput();

  void signal(int number) const;
  /// Waits for its end: the exit code, or 128 + n when signal n ended it.
  int wait();
  /// SIGKILL, then wait(): afterwards it provably runs no more.
  int kill();

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  void close() noexcept;

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::optional<int> ended_;
  std::string buffer_;
};

/// This very executable, for children that are the test program under other arguments.
std::filesystem::path thisProgram();

namespace child {
/// In the child: prints a line, unbuffered.
void announce(const std::string& text);
/// In the child: blocks until the test sends a line; nothing when the test has gone.
std::optional<std::string> awaitLine();
/// announce(), then awaitLine(): stands still here until it is let go or killed.
void pauseAt(const std::string& text);
}  // namespace child

}  // namespace mooring::test
