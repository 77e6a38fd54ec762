// run: one command in a sandbox, waited for or let go.
#include "assignments.hpp"
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "stdin_source.hpp"
#include "words.hpp"

#include <unistd.h>

namespace mooring::cli {
namespace {

struct RunOptions {
  std::string id = {};
  std::string cwd = {};
  std::vector<std::string> env = {};
  Timeouts timeouts = {};
  bool input = false;
  bool noInput = false;
  bool detach = false;
  bool idempotent = false;
  std::size_t capture = std::size_t{1} << 20;
};

bool takesInput(const RunOptions& options) {
  if (options.noInput) return false;
  return options.input || (!options.detach && ::isatty(STDIN_FILENO) == 0);
}

bool hasTimeouts(const Timeouts& timeouts) {
  return (timeouts.connect + timeouts.firstByte + timeouts.silence + timeouts.total).count() > 0;
}

/// Sends all of our standard input, or with `send` false none, and ends the command's.
Result<void> feed(Session& session, const StartedCommand& started, bool send) {
  if (send) {
    auto bytes = readStdin(session.interrupts());
    if (!bytes) return std::unexpected(std::move(bytes).error());
    constexpr std::size_t piece = std::size_t{1} << 20;
    for (std::size_t at = 0; at < bytes->size(); at += piece) {
      if (auto sent = started.writeInput(bytes->substr(at, piece), session.call()).get(); !sent) return sent;
    }
  }
  auto closed = started.closeInput(session.call()).get();
  // It has ended already, or never reads: either way it waits for nothing.
  if (!closed && closed.error().code == Errc::conflict) return {};
  return closed;
}

Result<int> detach(Session& session, const Sandbox& sandbox, Command command, const RunOptions& options) {
  if (hasTimeouts(options.timeouts)) {
    return failure(Errc::invalidArgument,
                   "--detach takes no time limits: use `mooring wait --deadline` and `mooring kill`");
  }
  auto started = sandbox.start(std::move(command), session.call()).get();
  if (!started) return std::unexpected(std::move(started).error());
  // The id first: whatever goes wrong from here on, the command can be found.
  if (session.json()) {
    session.printJson({{"commandId", started->id().value}, {"sandboxId", sandbox.id().value}});
  } else {
    session.printLine(started->id().value);
  }
  auto fed = feed(session, *started, takesInput(options));
  if (!fed) {
    return std::unexpected(
        withContext(std::move(fed).error(), "the command runs, but its standard input is not complete"));
  }
  return exit_code::ok;
}

Result<int> wait(Session& session, const Sandbox& sandbox, Command command, const RunOptions& options) {
  command.timeouts = options.timeouts;
  if (session.json()) {
    command.captureLimit = options.capture;
  } else {
    command.captureLimit = 0;
    command.sink = std::make_shared<LiveOutput>(session.output());
  }
  if (takesInput(options)) command.inputStream = makeStdinSource();
  auto call = session.call();
  call.idempotent = options.idempotent;
  auto result = sandbox.run(std::move(command), call).get();
  if (!result) return std::unexpected(std::move(result).error());

  if (result->connection == OutcomeKind::recreated) {
    session.note(
        "the sandbox was gone and has been made anew: what was not in its setup or on volumes is lost");
  }
  if (session.json()) session.printJson(toJson(*result));
  if (!result->timedOut) return result->exitCode;
  session.note("the command was ended by its " + std::string(toString(*result->timedOut)) + " time limit" +
               (result->killConfirmed ? "" : "; whether all its processes are dead is not confirmed"));
  return exit_code::timedOut;
}

Result<int> run(Session& session, const RunOptions& options) {
  if (options.input && options.noInput) {
    return failure(Errc::invalidArgument, "-i and -n contradict each other: give one of them");
  }
  Command command;
  command.program = session.tail().front();
  command.args.assign(session.tail().begin() + 1, session.tail().end());
  command.cwd = options.cwd;
  auto env = parseAssignments("--env", options.env);
  if (!env) return std::unexpected(std::move(env).error());
  command.env = std::move(*env);

  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  const auto sandbox = service->sandbox(options.id);
  if (options.detach) return detach(session, sandbox, std::move(command), options);
  return wait(session, sandbox, std::move(command), options);
}

}  // namespace

void addRunCommand(CommandLine& line) {
  auto [app, options] = line.leaf<RunOptions>(line.root(),
                                              "run",
                                              "Run a command in a sandbox; ends with its exit code",
                                              run,
                                              ExitCodes::ofTheCommand);
  line.takesTail(app, "-- PROGRAM [ARG...]");
  app->add_option("ID", options->id, "The sandboxId")->required();
  app->add_option("--cwd", options->cwd, "Its directory; relative ones start at the sandbox's home")
      ->type_name("PATH");
  addList(*app, "--env", options->env, "An environment variable", "NAME=VALUE");
  addDuration(*app, "--timeout", options->timeouts.total, "Kill it after this time (exit code 124)");
  addDuration(*app, "--silence", options->timeouts.silence, "Kill it after printing nothing for this long");
  addDuration(
      *app, "--first-byte", options->timeouts.firstByte, "Kill it when it has printed nothing until then");
  addDuration(*app, "--connect", options->timeouts.connect, "Give up when it has not begun until then");
  app->add_flag("-i,--input", options->input, "Pass our standard input on, even from a terminal");
  app->add_flag("-n,--no-input", options->noInput, "Do not read our standard input");
  app->add_flag("--detach", options->detach, "Let it go and print its commandId; see attach, wait, kill, ps");
  app->add_flag("--idempotent",
                options->idempotent,
                "Doing it twice does no harm: it may be repeated when its outcome is unknown");
  app->add_option("--capture", options->capture, "With --json: bytes kept of each stream")
      ->type_name("BYTES");
  app->footer(
      R"(Output is shown as it comes, byte for byte. Standard input is passed on unless it is a terminal, or with
--detach only with -i; in a shell's `while read` loop give -n. The program is found on the sandbox's PATH
and never goes through a shell: write `-- sh -c '...'` for one. Ctrl-C kills the command; a second one
leaves at once. A program that does not exist ends with 127, one that may not be executed with 126.

  mooring run $id -- python3 -c 'print(6 * 7)'
  mooring run $id --timeout 5m --cwd repo -- make -j4
  tar c src | mooring run $id -- tar x
  job=$(mooring run $id --detach -- ./train.sh) && mooring attach $job)");
}

}  // namespace mooring::cli
