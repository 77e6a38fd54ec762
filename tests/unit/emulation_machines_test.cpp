#include <mooring/emulation/proxy.hpp>
#include <mooring/emulation/terminal.hpp>

#include "emulation_toy.hpp"
#include "support/tasks.hpp"
#include "support/temp_dir.hpp"

namespace mooring::test {

using emulation::MachinePtr;
using emulation::Machines;
using emulation::MachineSpec;
using emulation::Terminal;

namespace {

/// A pool and one sandbox of it, as a vendor's clients expect it.
class Pool {
 public:
  Pool() {
    const auto context = contextOn(engine());
    auto opened = Machines::open(context.loop, context.blocking, directory_.path());
    REQUIRE(ok(opened));
    pool = *opened;
    MachineSpec spec;
    spec.name = "box";
    spec.home = "/home/daytona";
    spec.user = "daytona";
    auto made = run(pool->make(spec));
    REQUIRE(ok(made));
    machine = *made;
  }
  ~Pool() {
    machine.reset();
    CHECK(ok(run(pool->destroyAll())));
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

 private:
  TempDir directory_;

 public:
  std::shared_ptr<Machines> pool;
  MachinePtr machine;
};

CommandSpec shell(const std::string& script) {
  CommandSpec command;
  command.program = "sh";
  command.args = {"-c", script};
  return command;
}

Task<std::string> untilShown(std::shared_ptr<Terminal> terminal, std::string mark) {
  std::string shown;
  while (shown.find(mark) == std::string::npos) {
    auto chunk = co_await terminal->output(shown.size(), 65536);
    if (!chunk) co_return std::unexpected(std::move(chunk).error());
    if (chunk->bytes.empty() && chunk->ended) break;
    shown += chunk->bytes;
  }
  co_return shown;
}

}  // namespace

TEST_CASE("emulation machines: home and user are those that a vendor's clients expect", "[unit][emulation]") {
  const Pool pool;
  auto said = run(pool.machine->runCaptured(shell("pwd; whoami; echo $HOME $USER; echo no >&2; exit 3")));
  REQUIRE(ok(said));
  CHECK(said->out == "/home/daytona\ndaytona\n/home/daytona daytona\n");
  CHECK(said->err == "no\n");
  CHECK(said->end.exitCode == 3);
  CHECK_FALSE(said->late);
}

TEST_CASE("emulation machines: files survive a stop, processes do not", "[unit][emulation]") {
  const Pool pool;
  REQUIRE(ok(run(pool.machine->write("notes/a.txt", sourceOf("kept"), WriteOptions()))));
  auto started = run(pool.machine->launch(shell("sleep 1000")));
  REQUIRE(ok(started));
  REQUIRE(ok(run(pool.machine->stop())));
  auto asleep = run(pool.machine->readAll("/home/daytona/notes/a.txt"));
  REQUIRE_FALSE(asleep);
  CHECK(asleep.error().code == Errc::notRunning);
  REQUIRE(ok(run(pool.machine->start())));
  auto text = run(pool.machine->readAll("/home/daytona/notes/a.txt"));
  REQUIRE(ok(text));
  CHECK(*text == "kept");
  auto state = run(pool.machine->poll(*started));
  REQUIRE(ok(state));
  CHECK(state->status != CommandStatus::running);
}

TEST_CASE("emulation machines: stopping one leaves its namesake of another pool alone", "[unit][emulation]") {
  const Pool pool;
  const Pool other;
  REQUIRE(ok(run(pool.machine->stop())));
  auto said = run(other.machine->runCaptured(shell("echo alive")));
  REQUIRE(ok(said));
  CHECK(said->out == "alive\n");
}

TEST_CASE("emulation machines: a command that takes too long is killed and said to be late",
          "[unit][emulation]") {
  const Pool pool;
  auto said = run(
      pool.machine->runCaptured(shell("echo before; sleep 1000"), std::chrono::milliseconds(300)));
  REQUIRE(ok(said));
  CHECK(said->late);
  CHECK(said->out == "before\n");
  CHECK(said->end.interrupted);
}

TEST_CASE("emulation machines: a terminal is one, echoes, is resized and tells the exit code",
          "[unit][emulation]") {
  const Pool pool;
  emulation::TerminalSpec spec;
  spec.command = shell(
      "test -t 0 && test -t 1 && echo terminal; stty size; read line; echo got:$line; "
      "read again; stty size; exit 7");
  spec.columns = 100;
  spec.rows = 30;
  auto terminal = run(Terminal::open(pool.machine, spec));
  REQUIRE(ok(terminal));
  auto shown = run(untilShown(*terminal, "30 100"));
  REQUIRE(ok(shown));
  CHECK(shown->starts_with("terminal\r\n"));
  REQUIRE(ok(run((*terminal)->type("it's\n"))));
  shown = run(untilShown(*terminal, "got:it"));
  REQUIRE(ok(shown));
  CHECK(shown->find("it's\r\n") != std::string::npos);
  REQUIRE(ok(run((*terminal)->resize(132, 43))));
  REQUIRE(ok(run((*terminal)->type("\n"))));
  shown = run(untilShown(*terminal, "43 132"));
  REQUIRE(ok(shown));
  auto end = run((*terminal)->awaitEnd());
  REQUIRE(ok(end));
  CHECK(end->exitCode == 7);
}

}  // namespace mooring::test
