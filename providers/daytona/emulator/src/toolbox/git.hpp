// Git, by the real one in the sandbox.
#pragma once

#include <mooring/error.hpp>

#include "toolbox/daemon.hpp"

#include <string>
#include <vector>

namespace mooring::daytona::emulator {

struct GitCall {
  std::string repository = {};  ///< Empty: none.
  std::vector<std::string> args = {};
  std::string username = {};  ///< With `password`: sent to http(s) servers; never on a command line.
  std::string password = {};
  bool insecureTls = false;
};

struct GitOutput {
  int exitCode = 0;
  std::string out = {};
  std::string err = {};
};

/// Runs it, whatever it says. It goes on when the client leaves. Errors: those of the machine.
Task<GitOutput> runGit(DaemonPtr daemon, GitCall call);
/// Runs it and gives what it printed. Errors: what it complained about, in the daemon's codes.
Task<std::string> git(DaemonPtr daemon, GitCall call);
/// Runs it and answers with `status` and nothing else. Errors: as git().
Task<emulation::Reply> simply(DaemonPtr daemon, GitCall call, int status);
/// What git complained about, in the daemon's codes: by the words that it is known to use.
Error gitError(const GitOutput& output);

}  // namespace mooring::daytona::emulator
