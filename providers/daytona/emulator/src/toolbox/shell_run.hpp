// One program with both streams as one, as the daemon runs them.
#pragma once

#include <mooring/emulation/waiting.hpp>

#include "toolbox/daemon.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

struct ShellCommand {
  std::vector<std::string> argv = {};  ///< Empty: the sandbox's shell, which reads `input`.
  std::string input = {};
  std::string cwd = {};
  std::map<std::string, std::string> environment = {};
  std::chrono::milliseconds timeout = {};  ///< Zero: none.
};

struct ShellResult {
  int exitCode = 0;  ///< -1: it could not be started in its directory, or a signal killed it.
  std::string output = {};
  bool timedOut = false;  ///< All of its group is dead.
};

/// Runs it to its end. A client that leaves does not end it; only its timeout does. After the program itself
/// has ended, what it left behind may go on printing for half a minute. Errors: those of the machine.
Task<ShellResult> runShell(DaemonPtr daemon, ShellCommand command);

}  // namespace mooring::daytona::emulator
