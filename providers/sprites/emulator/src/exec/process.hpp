// A command that runs in a sprite's machine: on pipes, or on a terminal.
#pragma once

#include <mooring/emulation/background.hpp>
#include <mooring/emulation/machines.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites::emulated {

struct ProcessSpec {
  std::vector<std::string> argv = {};  ///< The program first; found on the PATH.
  std::string directory = {};          ///< Empty: the home.
  /// Set: these alone, and HOME. Unset: the machine's usual ones.
  std::optional<std::map<std::string, std::string>> environment = {};
  bool input = false;  ///< Without it standard input is at its end.
  bool tty = false;
  int columns = 80;
  int rows = 24;
};

/// What a process tells. Threads: the loop. Lifetime: the process's, at least until onEnd().
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void onOutput(Stream stream, std::string_view bytes) = 0;
  /// Once, and last. 128 + n when signal n killed it.
  virtual void onEnd(int exitCode) = 0;
  /// Whether it wants to see more for now. When that comes back, it calls Process::goOn().
  [[nodiscard]] virtual bool wantsMore() const = 0;
};

class Process {
 public:
  virtual ~Process() = default;
  /// In its machine; also that of its process group.
  [[nodiscard]] virtual int id() const = 0;
  /// Returns when there is room for more. What comes after its end is dropped.
  virtual Task<void> type(std::string bytes) = 0;
  virtual void endInput() = 0;
  virtual Task<void> signal(int number) = 0;
  /// Errors: status 400 (it has no terminal).
  virtual Task<void> resize(int columns, int rows) = 0;
  virtual void goOn() = 0;
};

using ProcessPtr = std::shared_ptr<Process>;

/// Starts it and returns when it has its id; what it prints may come before that. A program that does not
/// exist ends with 127. Errors: notFound or invalidArgument (the directory), and the machine's own.
Task<ProcessPtr> startProcess(emulation::MachinePtr machine,
                              ProcessSpec spec,
                              std::shared_ptr<ProcessObserver> observer,
                              emulation::BackgroundPtr background);

/// The usual environment of a command, besides what the machine gives.
std::map<std::string, std::string> usualEnvironment();

}  // namespace mooring::sprites::emulated
