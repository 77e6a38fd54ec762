// ps, attach, wait, kill: commands that outlive the process that started them.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "table.hpp"
#include "words.hpp"

#include <array>
#include <mutex>
#include <stop_token>
#include <thread>

namespace mooring::cli {
namespace {

struct CommandRef {
  std::string id = {};
  std::uint64_t offset = 0;
  std::uint64_t errOffset = 0;
  std::string signal = "TERM";
};

Result<StartedCommand> commandOf(Session& session, const CommandRef& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  return service->command(CommandId(options.id));
}

/// The command's own exit code; without one, why there is none.
Result<int> exitCodeOfCommand(const CommandRecord& command) {
  switch (command.status) {
    case CommandStatus::exited:
      if (command.exitCode) return *command.exitCode;
      return failure(Errc::corrupted, "the command has ended, but its record has no exit code");
    case CommandStatus::failed:
      return failure(Errc::gone, "the command never started");
    case CommandStatus::lost:
      return failure(Errc::gone,
                     "the command is lost: its sandbox was ended or made anew before its result was known");
    case CommandStatus::starting:
    case CommandStatus::running:
      return failure(Errc::unavailable, "the command has not ended; wait for it again");
  }
  return failure(Errc::internal, "the command has a status that this version does not know");
}

Result<int> ps(Session& session, const CommandRef& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto commands = service->sandbox(options.id).commands(session.call()).get();
  if (!commands) return std::unexpected(std::move(commands).error());
  if (session.json()) {
    for (const auto& command : *commands)
      session.printJson(toJson(command));
    return exit_code::ok;
  }
  Table table({"COMMAND ID", "STATUS", "EXIT", "STARTED", "COMMAND"});
  for (const auto& command : *commands) {
    table.add({command.commandId.value,
               std::string(toString(command.status)),
               command.exitCode ? std::to_string(*command.exitCode) : std::string(),
               timeText(command.createdAt),
               commandText(command.program, command.args)});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
  return exit_code::ok;
}

/// Shows one stream until its end, in pieces that a JSON line each can hold.
Result<void> show(Session& session,
                  const StartedCommand& command,
                  Stream stream,
                  std::uint64_t offset,
                  std::stop_token otherFailed) {
  constexpr std::size_t piece = std::size_t{64} << 10;
  while (!otherFailed.stop_requested()) {
    auto call = session.call();
    call.stopToken = otherFailed;
    auto chunk = command.follow(stream, offset, piece, call).get();
    if (!chunk) return std::unexpected(std::move(chunk).error());
    if (!chunk->bytes.empty() && session.json()) {
      session.printJson(
          {{"stream", toString(stream)}, {"offset", offset}, {"bytes", bytesToJson(chunk->bytes)}});
    } else if (!chunk->bytes.empty()) {
      session.output().write(stream, chunk->bytes);
    }
    offset = chunk->nextOffset;
    if (chunk->ended) return {};
  }
  return failure(Errc::cancelled, "interrupted; the command goes on");
}

Result<int> attach(Session& session, const CommandRef& options) {
  auto command = commandOf(session, options);
  if (!command) return std::unexpected(std::move(command).error());
  // One of the streams failing ends both, and so does Ctrl-C.
  std::stop_source either;
  const std::stop_callback interrupted(session.interrupts().token(), [&either] { either.request_stop(); });
  std::array<Result<void>, 2> shown;
  const auto follow = [&](std::size_t at, Stream stream, std::uint64_t offset) {
    shown[at] = show(session, *command, stream, offset, either.get_token());
    if (!shown[at]) either.request_stop();
  };
  {
    const std::jthread err([&] { follow(1, Stream::err, options.errOffset); });
    follow(0, Stream::out, options.offset);
  }
  if (session.interrupts().signalNumber() != 0) {
    return failure(Errc::cancelled, "interrupted; the command goes on: mooring attach " + options.id);
  }
  // The one that failed first is the reason; the other was only told to stop.
  for (const bool cancelled : {false, true}) {
    for (auto& result : shown) {
      if (!result && (result.error().code == Errc::cancelled) == cancelled)
        return std::unexpected(result.error());
    }
  }
  auto ended = command->wait(session.call()).get();
  if (!ended) return std::unexpected(std::move(ended).error());
  if (session.json()) session.printJson(toJson(*ended));
  return exitCodeOfCommand(*ended);
}

Result<int> wait(Session& session, const CommandRef& options) {
  auto command = commandOf(session, options);
  if (!command) return std::unexpected(std::move(command).error());
  auto ended = command->wait(session.call()).get();
  if (!ended) return std::unexpected(std::move(ended).error());
  if (session.json()) session.printJson(toJson(*ended));
  return exitCodeOfCommand(*ended);
}

Result<int> kill(Session& session, const CommandRef& options) {
  const auto signal = parseSignal(options.signal);
  if (!signal) {
    return failure(
        Errc::invalidArgument,
        "\"" + options.signal + "\" is not a signal: write a name such as TERM, KILL, INT, or a number");
  }
  auto command = commandOf(session, options);
  if (!command) return std::unexpected(std::move(command).error());
  auto killed = command->kill(*signal, session.call()).get();
  if (!killed) return std::unexpected(std::move(killed).error());
  if (session.json()) session.printJson({{"commandId", options.id}, {"signal", *signal}});
  return exit_code::ok;
}

}  // namespace

void addStartedCommands(CommandLine& line) {
  auto [psApp, psOptions] = line.leaf<CommandRef>(
      line.root(), "ps", "List the commands started in a sandbox", ps);
  psApp->add_option("ID", psOptions->id, "The sandboxId")->required();

  auto [attachApp, attachOptions] = line.leaf<CommandRef>(
      line.root(),
      "attach",
      "Follow a started command to its end; ends with its exit code",
      attach,
      ExitCodes::ofTheCommand);
  attachApp->add_option("COMMAND-ID", attachOptions->id, "What `run --detach` printed")->required();
  attachApp->add_option("--offset", attachOptions->offset, "Begin at this byte of its standard output")
      ->type_name("BYTES");
  attachApp->add_option("--err-offset", attachOptions->errOffset, "Begin at this byte of its standard error")
      ->type_name("BYTES");
  attachApp->footer(
      R"(Shows everything from its start (or the offsets) and goes on live, from any process, as often as you like.
Ctrl-C leaves; the command goes on. With --json: a line {"stream", "offset", "bytes"} for each piece, then
the command's record.)");

  auto [waitApp, waitOptions] = line.leaf<CommandRef>(line.root(),
                                                      "wait",
                                                      "Wait for a started command; ends with its exit code",
                                                      wait,
                                                      ExitCodes::ofTheCommand);
  waitApp->add_option("COMMAND-ID", waitOptions->id, "What `run --detach` printed")->required();

  auto [killApp, killOptions] = line.leaf<CommandRef>(
      line.root(), "kill", "Send a signal to a started command and all its processes", kill);
  killApp->add_option("COMMAND-ID", killOptions->id, "What `run --detach` printed")->required();
  killApp->add_option("SIGNAL", killOptions->signal, "A name or number; TERM when left out");
}

}  // namespace mooring::cli
