// Git, by the real one in the sandbox.
#pragma once

#include <mooring/error.hpp>

#include "toolbox/body.hpp"
#include "toolbox/daemon.hpp"

#include <string>
#include <utility>
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
/// What a request's body asks git for. What is wrong with it is in the members afterwards.
using GitCallReader = GitCall (*)(const Daemon&, emulation::Members&);
/// Answers a request whose body `read` turns into one call, with `status` and nothing else.
Task<emulation::Reply> simplyFromBody(DaemonPtr daemon,
                                      emulation::ExchangePtr exchange,
                                      GitCallReader read,
                                      int status);
/// The same as a handler.
template <GitCallReader Read, int Status>
Task<emulation::Reply> fromBody(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  return simplyFromBody(std::move(daemon), std::move(exchange), Read, Status);
}

/// Asks git about the repository that the query names.
Task<std::string> gitInQuery(DaemonPtr daemon,
                             emulation::ExchangePtr exchange,
                             std::vector<std::string> args);

/// What git complained about, in the daemon's codes: by the words that it is known to use.
Error gitError(const GitOutput& output);

}  // namespace mooring::daytona::emulator
