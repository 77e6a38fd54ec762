#include <mooring/emulation/message.hpp>
#include <mooring/emulation/terminal.hpp>
#include <mooring/emulation/text.hpp>

#include <charconv>

namespace mooring::emulation {

namespace {

std::string sizeText(int columns, int rows) {
  return "columns " + std::to_string(columns) + " rows " + std::to_string(rows);
}

CommandSpec shell(std::string script) {
  CommandSpec command;
  command.program = "/bin/sh";
  command.args = {"-c", std::move(script)};
  return command;
}

/// A program that has only just begun may not have noted its device and its process yet.
CommandSpec onceNoted(const std::string& note, const std::string& action) {
  return shell("tries=0; until [ -s " + note +
               " ] || [ $tries -gt 1000 ]; do sleep 0.01; tries=$((tries + 1)); done; " +
               "read device process < " + note + " && " + action);
}

}  // namespace

Task<std::shared_ptr<Terminal>> Terminal::open(MachinePtr machine, TerminalSpec spec) {
  // util-linux's script gives the program a terminal and copies it to pipes; it is on every Debian. The
  // program notes its device first, so that others in the sandbox can resize it.
  const std::string key = machine->newId();
  const std::string note = "/tmp/.terminal-" + key;
  std::string inner = "stty " + sizeText(spec.columns, spec.rows) + "; echo \"$(tty) $$\" > " + note +
                      "; exec " + shellQuoted(spec.command.program);
  for (const auto& argument : spec.command.args)
    inner += " " + shellQuoted(argument);
  CommandSpec command;
  command.program = "script";
  command.args = {"--quiet", "--flush", "--return", "--echo", "always", "--command", inner, "/dev/null"};
  command.cwd = spec.command.cwd;
  command.env = spec.command.env;
  command.env.try_emplace("TERM", "xterm-256color");
  command.env["SHELL"] = "/bin/sh";
  auto id = co_await machine->launch(std::move(command), key);
  if (!id) co_return std::unexpected(std::move(id).error());
  co_return std::shared_ptr<Terminal>(
      new Terminal(std::move(machine), std::move(*id), note, spec.columns, spec.rows));
}

Task<void> Terminal::type(std::string bytes) {
  co_return co_await machine_->input(id_, std::move(bytes), false);
}

Task<OutputChunk> Terminal::output(std::uint64_t offset, std::size_t maxBytes) {
  co_return co_await machine_->output(id_, Stream::out, offset, maxBytes, true);
}

Task<void> Terminal::resize(int columns, int rows) {
  auto command = onceNoted(note_, "stty -F \"$device\" " + sizeText(columns, rows));
  auto resized = co_await machine_->runCaptured(std::move(command));
  if (!resized) co_return std::unexpected(std::move(resized).error());
  if (resized->end.exitCode != 0) co_return refused(410, "the terminal is gone: " + resized->err);
  columns_ = columns;
  rows_ = rows;
  co_return Result<void>();
}

Task<int> Terminal::process() {
  auto told = co_await machine_->runCaptured(onceNoted(note_, "echo \"$process\""));
  if (!told) co_return std::unexpected(std::move(told).error());
  int number = 0;
  const auto parsed = std::from_chars(told->out.data(), told->out.data() + told->out.size(), number);
  if (parsed.ec != std::errc()) co_return refused(410, "the terminal is gone: " + told->err);
  co_return number;
}

Task<void> Terminal::signal(int number) {
  // Where a process group is meant, not every shell's kill understands "--".
  auto command = onceNoted(note_, "kill -" + std::to_string(number) + " \"-$process\"");
  auto sent = co_await machine_->runCaptured(std::move(command));
  if (!sent) co_return std::unexpected(std::move(sent).error());
  co_return Result<void>();
}

Task<StartedState> Terminal::poll() { co_return co_await machine_->poll(id_); }
Task<StartedState> Terminal::awaitEnd() { co_return co_await machine_->awaitEnd(id_); }

}  // namespace mooring::emulation
