#include "command_start.hpp"

#include "errors.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <csignal>

namespace mooring::vercel::emulated {

namespace json = boost::json;

namespace {

constexpr std::string_view usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<std::string> candidates(const CommandSpec& command) {
  const auto& program = command.program;
  if (program.starts_with('/')) return {program};
  // Relative to where it starts, as the system resolves it.
  if (program.find('/') != std::string::npos)
    return {command.cwd.empty() ? program : command.cwd + "/" + program};
  const auto path = command.env.find("PATH");
  std::string_view left = path == command.env.end() ? usualPath : std::string_view(path->second);
  std::vector<std::string> all;
  while (!left.empty()) {
    const auto colon = left.find(':');
    all.push_back(std::string(left.substr(0, colon)) + "/" + program);
    left.remove_prefix(colon == std::string_view::npos ? left.size() : colon + 1);
  }
  return all;
}

/// The service looks before it starts anything: a missing program is a refused request, not an exit code.
Task<void> requireExecutable(emulation::MachinePtr machine, CommandSpec command) {
  for (const auto& path : candidates(command)) {
    auto found = co_await machine->stat(path);
    if (found && found->type != FileType::directory) co_return Result<void>();
  }
  co_return refusedAs(400,
                      "executable_not_found",
                      "Executable '" + command.program + "' not found in PATH or the working directory.");
}

CommandSpec specFor(const Session& session, const CommandRequest& request) {
  CommandSpec command;
  command.program = request.program;
  command.args = request.args;
  command.cwd = request.cwd;
  command.env = session.settings.env;
  for (const auto& [name, value] : request.env)
    command.env[name] = value;
  command.input = sourceOf("");
  return command;
}

/// Root of a user namespace inside of the machine, which is all the root there is here.
CommandSpec asRoot(CommandSpec command) {
  command.args.insert(command.args.begin(), {"--map-root-user", "--", command.program});
  command.program = "unshare";
  command.env["HOME"] = "/root";
  command.env["USER"] = "root";
  return command;
}

std::string digestFor(const Session& session, const CommandRequest& request) {
  json::object fields;
  fields["sandbox"] = session.sandboxName;
  fields["command"] = request.program;
  fields["cwd"] = request.cwd;
  fields["args"] = json::value_from(request.args);
  fields["env"] = json::value_from(request.env);
  return emulation::digestOf(json::serialize(fields));
}

Task<void> watch(WorldPtr world, SessionPtr session, CommandRunPtr run, std::chrono::milliseconds patience) {
  const auto machine = session->machine;
  auto output = world->background->begin<void>(
      followOutput(machine, run, world->knobs.logPiece, world->background));
  auto ended = co_await emulation::within<StartedState>(machine->awaitEnd(run->id), patience);
  if (ended.late) {
    co_await machine->signal(run->id, SIGKILL);
    ended.result = co_await machine->awaitEnd(run->id);
  }
  const bool counts = session->status == Status::running && ended.result &&
                      ended.result->status == CommandStatus::exited;
  co_await output->result();
  if (counts) {
    run->exitCode = ended.result->exitCode;
    run->durationMs = world->now() - run->startedAt;
  }
  run->over = true;
  run->changed.notify();
  co_return Result<void>();
}

}  // namespace

Task<CommandRunPtr> startCommand(WorldPtr world, SessionPtr session, CommandRequest request) {
  const auto machine = session->machine;
  auto spec = specFor(*session, request);
  auto found = co_await requireExecutable(machine, spec);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (request.sudo) spec = asRoot(std::move(spec));
  auto run = std::make_shared<CommandRun>(world->stage.loop);
  run->id = world->newCommandId();
  run->program = request.program;
  run->args = request.args;
  run->cwd = request.cwd.empty() ? session->cwd : request.cwd;
  run->sessionId = session->id;
  run->startedAt = world->now();
  auto launched = co_await machine->launch(std::move(spec), run->id);
  if (!launched) co_return fileError("entering the working directory", run->cwd, launched.error());
  world->stage.ledger->ran(session->sandboxName, digestFor(*session, request));
  session->commands.push_back(run);
  const std::chrono::milliseconds patience(request.timeout.value_or(0));
  world->background->begin<void>(watch(world, session, run, patience));
  co_return run;
}

}  // namespace mooring::vercel::emulated
