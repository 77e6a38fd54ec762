/// Programs on a terminal of their own in a sandbox.
#pragma once

#include <mooring/emulation/machines.hpp>

#include <memory>
#include <string>

namespace mooring::emulation {

struct TerminalSpec {
  CommandSpec command = {};  ///< `input` is not used: the terminal is.
  int columns = 80;
  int rows = 24;
};

/// A running program and its terminal. Threads: the loop.
class Terminal {
 public:
  /// Errors: as Machine::launch().
  static Task<std::shared_ptr<Terminal>> open(MachinePtr machine, TerminalSpec spec);

  /// What was typed. Errors: conflict (it has ended).
  Task<void> type(std::string bytes);
  /// What it shows, from `offset` on; waits for at least one byte, or the end.
  Task<OutputChunk> output(std::uint64_t offset, std::size_t maxBytes);
  Task<void> resize(int columns, int rows);
  /// The program's process id in its sandbox. Errors: as Machine::run(); status 410 (it has ended already).
  Task<int> process();
  /// To the program and what it started on this terminal.
  Task<void> signal(int number);
  Task<StartedState> poll();
  Task<StartedState> awaitEnd();

  [[nodiscard]] int columns() const { return columns_; }
  [[nodiscard]] int rows() const { return rows_; }

 private:
  Terminal(MachinePtr machine, std::string id, std::string note, int columns, int rows)
      : machine_(std::move(machine)),
        id_(std::move(id)),
        note_(std::move(note)),
        columns_(columns),
        rows_(rows) {}

  MachinePtr machine_;
  std::string id_;
  std::string note_;  ///< The file in the sandbox that names the terminal's device and the program's process.
  int columns_;
  int rows_;
};

}  // namespace mooring::emulation
