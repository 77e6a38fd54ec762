#include "smoke/walk.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::cli::smoke {

using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

Command shell(std::string script) {
  Command command;
  command.program = "sh";
  command.args = {"-c", std::move(script)};
  command.timeouts.total = minutes(1);
  return command;
}

/// For start(), which has no limits of its own.
Command background(std::string script) {
  auto command = shell(std::move(script));
  command.timeouts = Timeouts();
  return command;
}

SandboxConfig configOf(const World& world) {
  SandboxConfig config;
  config.provider = world.provider;
  config.purpose = "smoke";
  config.env = {{"SMOKE", world.tag}};
  return config;
}

Found create(World& world) {
  auto created = world.service.create(configOf(world), world.call).get();
  if (!created) return std::unexpected(std::move(created).error());
  world.sandbox = std::move(*created);
  return "sandboxId " + world.sandbox->id().value;
}

Found run(World& world) {
  auto result = world.sandbox->run(shell(R"(printf %s "$SMOKE"; echo err >&2; exit 7)"), world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->out.text != world.tag || result->err.text != "err\n" || result->exitCode != 7)
    return wrong("output, error output or exit code came back changed");
  return "both streams apart, env, exit code";
}

Found runBytes(World& world) {
  Command command;
  command.program = "printf";
  command.args = {"%s", "a b'\"$HOME\n\x80\xff*"};
  command.timeouts.total = minutes(1);
  auto result = world.sandbox->run(command, world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->out.text != command.args[1]) return wrong("an argument came back changed");
  return "arguments and output byte for byte";
}

Found runWithInput(World& world) {
  Command command;
  command.program = "cat";
  command.input = "first\nlast";
  command.timeouts.total = minutes(1);
  auto result = world.sandbox->run(command, world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->out.text != command.input) return wrong("standard input came back changed");
  return "standard input, to its end";
}

Found timeOut(World& world) {
  auto command = shell("echo before; exec sleep 1000");
  command.timeouts.total = milliseconds(1500);
  auto result = world.sandbox->run(command, world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (!result->timedOut) return wrong("a command outlived its timeout");
  if (result->out.text != "before\n") return wrong("what was printed before the timeout is lost");
  return std::string("killed, with what it had printed") + (result->killConfirmed ? "; confirmed" : "");
}

Found runElsewhere(World& world) {
  auto other = world.otherProcess();
  if (!other) return std::unexpected(std::move(other).error());
  auto result = other->sandbox(world.sandbox->id()).run(shell("echo here"), world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->out.text != "here\n") return wrong("its output came back changed");
  return "from its sandboxId alone";
}

Found startCommand(World& world) {
  auto started = world.sandbox->start(background("read line; echo \"got $line\"; exit 3"), world.call).get();
  if (!started) return std::unexpected(std::move(started).error());
  auto written = started->writeInput("this\n", world.call).get();
  if (!written) return std::unexpected(std::move(written).error());
  auto closed = started->closeInput(world.call).get();
  if (!closed && closed.error().code != Errc::conflict) return std::unexpected(std::move(closed).error());
  auto other = world.otherProcess();
  if (!other) return std::unexpected(std::move(other).error());
  const auto command = other->command(started->id());
  auto ended = command.wait(world.call).get();
  if (!ended) return std::unexpected(std::move(ended).error());
  auto output = command.output(Stream::out, 0, std::size_t{1} << 20, world.call).get();
  if (!output) return std::unexpected(std::move(output).error());
  if (ended->exitCode != 3 || output->bytes != "got this\n")
    return wrong("its exit code or output came back changed");
  return "started here, awaited and read by another process";
}

Found killCommand(World& world) {
  auto started = world.sandbox->start(background("sleep 1000"), world.call).get();
  if (!started) return std::unexpected(std::move(started).error());
  constexpr int sigTerm = 15;
  auto killed = started->kill(sigTerm, world.call).get();
  if (!killed) return std::unexpected(std::move(killed).error());
  auto ended = started->wait(world.call).get();
  if (!ended) return std::unexpected(std::move(ended).error());
  if (ended->exitCode != 128 + sigTerm) return wrong("a killed command did not end as one");
  return "by signal";
}

Found checkpoint(World& world) {
  const auto files = world.sandbox->files();
  const auto checkpoints = world.sandbox->checkpoints();
  auto before = files.write("smoke-state", "before", WriteOptions(), world.call).get();
  if (!before) return std::unexpected(std::move(before).error());
  auto saved = checkpoints.create("smoke", world.call).get();
  if (!saved) return std::unexpected(std::move(saved).error());
  auto after = files.write("smoke-state", "after", WriteOptions(), world.call).get();
  if (!after) return std::unexpected(std::move(after).error());
  auto restored = checkpoints.restore(saved->id, world.call).get();
  if (!restored) return std::unexpected(std::move(restored).error());
  auto read = files.read("smoke-state", std::size_t{1} << 20, world.call).get();
  if (!read) return std::unexpected(std::move(read).error());
  if (*read != "before") return wrong("a restored checkpoint did not bring the file back");
  return "made, and restored";
}

Found prolong(World& world) {
  auto extended = world.sandbox->extend(minutes(30), world.call).get();
  if (!extended) return std::unexpected(std::move(extended).error());
  return "30 minutes from now";
}

Found stopAndResume(World& world) {
  auto kept = world.sandbox->files().write("smoke-kept", world.tag, WriteOptions(), world.call).get();
  if (!kept) return std::unexpected(std::move(kept).error());
  auto stopped = world.sandbox->stop(world.call).get();
  if (!stopped) return std::unexpected(std::move(stopped).error());
  auto resumed = world.sandbox->resume(world.call).get();
  if (!resumed) return std::unexpected(std::move(resumed).error());
  if (resumed->kind != OutcomeKind::resumed) {
    if (resumed->reason) return std::unexpected(*resumed->reason);
    return wrong("a stopped sandbox came back as " + std::string(toString(resumed->kind)));
  }
  auto read = world.sandbox->files().read("smoke-kept", std::size_t{1} << 20, world.call).get();
  if (!read) return std::unexpected(std::move(read).error());
  if (*read != world.tag) return wrong("a file did not outlive the stop");
  return "its files outlived the stop";
}

Found recreate(World& world) {
  auto again = world.sandbox->recreate(world.call).get();
  if (!again) return std::unexpected(std::move(again).error());
  if (again->generation != 2) return wrong("the new generation is not the second one");
  auto result = world.sandbox->run(shell("echo fresh"), world.call).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->out.text != "fresh\n") return wrong("the new generation does not run commands");
  return "generation 2 under the same sandboxId";
}

Found destroy(World& world) {
  auto destroyed = world.sandbox->destroy(world.call).get();
  if (!destroyed) return std::unexpected(std::move(destroyed).error());
  const auto gone = world.sandbox->run(shell("true"), world.call).get();
  if (gone || gone.error().code != Errc::gone) return wrong("a destroyed sandbox does not answer `gone`");
  return "and gone for every call";
}

}  // namespace

const std::vector<Step>& steps() {
  using enum Capability;
  static const std::vector<Step> all = {
      {"create", std::nullopt, create},
      {"run", std::nullopt, run},
      {"run, any bytes", std::nullopt, runBytes},
      {"run, with input", commandInput, runWithInput},
      {"run, timeout", std::nullopt, timeOut},
      {"run, another process", std::nullopt, runElsewhere},
      {"files", std::nullopt, writeAndReadFiles},
      {"files, a tree", std::nullopt, moveTrees},
      {"started command", startedCommands, startCommand},
      {"started command, kill", startedCommands, killCommand},
      {"preview", previews, reachPort},
      {"volume", volumes, shareVolume},
      {"checkpoint", checkpoints, checkpoint},
      {"extend", Capability::extend, prolong},
      {"stop, resume", resume, stopAndResume},
      {"recreate", std::nullopt, recreate},
      {"destroy", std::nullopt, destroy},
  };
  return all;
}

std::unexpected<Error> wrong(const std::string& what) { return failure(Errc::corrupted, what); }

}  // namespace mooring::cli::smoke
