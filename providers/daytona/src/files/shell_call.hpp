// A call about files as a small script that is run in the sandbox: one request, done once however often it is
// sent.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "run/spent.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// Where calls about files are made.
struct FilePlace {
  AccountPtr account = {};
  std::shared_ptr<SpentRuns> spent = {};
  Instance instance = {};
  CallOptions call = {};
};

struct ShellResult {
  int exitCode = 0;
  std::string out = {};
  std::string err = {};
};

enum class Effect { none, changes };

/// Runs a program; its messages are in English.
/// Errors: those of CommandsApi::run; outcomeUnknown only for Effect::changes; cancelled.
Task<ShellResult> callProgram(FilePlace place,
                              std::string program,
                              std::vector<std::string> args,
                              std::shared_ptr<ByteSource> input,
                              Effect effect);
/// The same for a script of sh, with `args` as $1, $2, …
Task<ShellResult> callShell(FilePlace place,
                            std::string_view script,
                            std::vector<std::string> args,
                            std::shared_ptr<ByteSource> input,
                            Effect effect);

/// `path` as an argument that no program takes for an option. Relative ones start where the daemon stands.
std::string argument(const SandboxPath& path);
/// Errors: invalidArgument (empty, or with a NUL).
Result<void> checkPath(const SandboxPath& path);

/// What a program's complaint ("mkdir: cannot create directory 'x': File exists") means: "cannot <verb>
/// <path> in the sandbox: File exists". `notDirectory` is what the caller makes of "Not a directory".
std::unexpected<Error> fileFailure(std::string_view verb,
                                   const std::string& path,
                                   std::string_view complaint,
                                   Errc notDirectory = Errc::notFound);

}  // namespace mooring::daytona
