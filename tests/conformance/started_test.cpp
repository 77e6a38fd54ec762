#include "support/tasks.hpp"
#include "trial.hpp"

#include <algorithm>
#include <csignal>
#include <future>

namespace mooring::conformance {
namespace {

using std::chrono::seconds;

/// For every wait: a stuck command fails its test instead of hanging it.
CallOptions soon() { return CallOptions::within(seconds(60)); }

StartedCommand start(Trial& trial, Command command) {
  auto started = trial.sandbox().start(std::move(command)).get();
  REQUIRE(ok(started));
  return std::move(*started);
}

CommandRecord waitFor(const StartedCommand& command) {
  auto ended = command.wait(soon()).get();
  REQUIRE(ok(ended));
  return std::move(*ended);
}

/// All of one stream, by following it to its end.
std::string followAll(const StartedCommand& command, Stream stream) {
  std::string text;
  for (std::uint64_t offset = 0;;) {
    auto chunk = command.follow(stream, offset, std::size_t{1} << 20, soon()).get();
    REQUIRE(ok(chunk));
    CHECK(chunk->nextOffset == offset + chunk->bytes.size());
    text += chunk->bytes;
    offset = chunk->nextOffset;
    if (chunk->ended) return text;
  }
}

std::string statusOf(const StartedCommand& command) {
  auto status = command.status().get();
  REQUIRE(ok(status));
  return std::string(toString(status->status));
}

void stopAndResume(Trial& trial) {
  REQUIRE(ok(trial.sandbox().stop().get()));
  auto back = trial.sandbox().resume().get();
  // An answer, too, on a bad day: nothing is known, and asking again is safe.
  while (back && back->kind == OutcomeKind::unreachable)
    back = trial.sandbox().resume().get();
  REQUIRE(ok(back));
}

bool offered(Trial& trial) {
  if (trial.offers(Capability::startedCommands)) return true;
  CHECK(failsWith(trial.sandbox().start(shell("true")).get(), Errc::unsupported));
  const auto rows = trial.sandbox().commands().get();
  REQUIRE(ok(rows));
  CHECK(rows->empty());
  return false;
}

TEST_CASE("start: a started command ends on its own and its end is on record", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  auto command = shell("pwd; echo \"$WORD\"; echo problem >&2; exit 3");
  command.cwd = "/";
  command.env = {{"WORD", "from env"}};
  const auto started = start(trial, command);
  const auto ended = waitFor(started);
  CHECK(ended.commandId == started.id());
  CHECK(ended.sandboxId == trial.sandbox().id());
  CHECK(ended.generation == 1);
  CHECK(toString(ended.status) == "exited");
  CHECK(ended.exitCode == 3);
  CHECK(ended.finishedAt.has_value());
  CHECK(ended.program == "sh");
  CHECK(followAll(started, Stream::out) == "/\nfrom env\n");
  CHECK(followAll(started, Stream::err) == "problem\n");
}

TEST_CASE("start: a command is running until it ends, and start does not wait for it",
          "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkfifo go");
  const auto started = start(trial, shell("read line <go; exit 0"));
  CHECK(statusOf(started) == "running");
  trial.sh("echo >go");
  CHECK(waitFor(started).exitCode == 0);
  CHECK(statusOf(started) == "exited");
}

TEST_CASE("start: costs two commits, and an end that is seen one more", "[conformance][started][budget]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sandbox();
  auto before = trial.commits();
  const auto started = start(trial, shell("true"));
  CHECK(trial.commits() - before == 2);
  before = trial.commits();
  waitFor(started);
  CHECK(trial.commits() - before == 1);
  waitFor(started);
  CHECK(trial.commits() - before == 1);
}

TEST_CASE("start: output is read from any byte offset, during and after", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkfifo go");
  const auto started = start(trial, shell("printf 0123456789; read line <go; printf abc"));
  auto chunk = started.follow(Stream::out, 8, std::size_t{1} << 20, soon()).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "89");
  CHECK(chunk->nextOffset == 10);
  CHECK_FALSE(chunk->ended);

  chunk = started.output(Stream::out, 2, 3).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "234");
  CHECK(chunk->nextOffset == 5);

  chunk = started.output(Stream::out, 10).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes.empty());
  CHECK_FALSE(chunk->ended);

  trial.sh("echo >go");
  waitFor(started);
  chunk = started.output(Stream::out, 9).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "9abc");
  CHECK(chunk->ended);
  chunk = started.output(Stream::out, 13).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes.empty());
  CHECK(chunk->ended);
  CHECK(followAll(started, Stream::out) == "0123456789abc");
}

TEST_CASE("start: follow waits for the next output, then for the end", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkfifo first second");  // One each: a pipe opened again may still belong to its last writer.
  const auto started = start(trial, shell("read a <first; echo \"got $a\"; read b <second; echo \"and $b\""));
  auto next = started.follow(Stream::out, 0, std::size_t{1} << 20, soon()).start();
  trial.sh("echo one >first");
  auto chunk = next.get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "got one\n");
  CHECK_FALSE(chunk->ended);

  next = started.follow(Stream::out, chunk->nextOffset, std::size_t{1} << 20, soon()).start();
  trial.sh("echo two >second");
  chunk = next.get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "and two\n");

  chunk = started.follow(Stream::out, chunk->nextOffset, std::size_t{1} << 20, soon()).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes.empty());
  CHECK(chunk->ended);
}

TEST_CASE("start: output may be any bytes and any length", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto started = start(trial, shell(R"(printf '\000\001\377\012\015'; head -c 3000000 /dev/zero)"));
  const auto all = followAll(started, Stream::out);
  CHECK(all.size() == 3'000'005);
  CHECK((all.substr(0, 5) == std::string("\x00\x01\xFF\n\r", 5)));
}

TEST_CASE("start: a command outlives the process that started it, and another finds it",
          "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkfifo go");
  CommandId id;
  {
    auto other = trial.fixture().otherProcess();
    auto started =
        other.service.sandbox(trial.sandbox().id()).start(shell("read line <go; echo \"got $line\"")).get();
    REQUIRE(ok(started));
    id = started->id();
  }
  const auto found = trial.service().command(id);
  CHECK(statusOf(found) == "running");
  trial.sh("echo word >go");
  CHECK(waitFor(found).exitCode == 0);
  CHECK(followAll(found, Stream::out) == "got word\n");

  const auto rows = trial.sandbox().commands().get();
  REQUIRE(ok(rows));
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().commandId == id);
}

TEST_CASE("start: the commands of a sandbox are listed newest first", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto first = start(trial, shell("exit 1"));
  const auto second = start(trial, shell("exit 2"));
  waitFor(first);
  waitFor(second);
  const auto rows = trial.sandbox().commands().get();
  REQUIRE(ok(rows));
  REQUIRE(rows->size() == 2);
  CHECK(rows->at(0).commandId == second.id());
  CHECK(rows->at(0).exitCode == 2);
  CHECK(rows->at(1).commandId == first.id());
}

TEST_CASE("start: waiting ends with the call's deadline, the command does not", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkfifo go");
  const auto started = start(trial, shell("read line <go"));
  const auto waited = started.wait(CallOptions::within(std::chrono::milliseconds(200))).get();
  CHECK(failsWith(waited, Errc::deadlineExceeded));
  CHECK(statusOf(started) == "running");
  trial.sh("echo >go");
  CHECK(waitFor(started).exitCode == 0);
}

TEST_CASE("start: kill reaches the whole process group", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.makeHold("alive");
  const auto started = start(
      trial, shell(holding("alive") + "(sh -c 'sleep 100000; :'; :) & echo up; sleep 100000; :"));
  REQUIRE(ok(started.follow(Stream::out, 0, 100, soon()).get()));
  REQUIRE(ok(started.kill(9).get()));
  const auto ended = waitFor(started);
  CHECK(toString(ended.status) == "exited");
  CHECK(ended.exitCode == 137);
  if (!ended.signal.empty()) CHECK(ended.signal == "SIGKILL");
  CHECK(trial.released("alive"));
  CHECK(ok(started.kill(9).get()));
  CHECK(waitFor(started).exitCode == 137);
}

TEST_CASE("start: a signal may be caught", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto started = start(trial,
                             shell("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 1; done"));
  REQUIRE(ok(started.follow(Stream::out, 0, 100, soon()).get()));
  REQUIRE(ok(started.kill().get()));
  CHECK(waitFor(started).exitCode == 7);
  CHECK(followAll(started, Stream::out) == "up\nbye\n");
}

TEST_CASE("start: every signal that ends a program ends the command", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const int signal = GENERATE(SIGINT, SIGQUIT, SIGHUP, SIGTERM);
  const auto started = start(trial, shell("echo up; exec sleep 100000"));
  REQUIRE(ok(started.follow(Stream::out, 0, 100, soon()).get()));
  REQUIRE(ok(started.kill(signal).get()));
  CHECK(waitFor(started).exitCode == 128 + signal);
}

TEST_CASE("start: standard input stays open until it is closed", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  if (!trial.offers(Capability::commandInput)) return;
  const auto started = start(trial, shell("read line; echo \"line $line\"; cat; echo end"));
  REQUIRE(ok(started.writeInput("one\n").get()));
  const auto chunk = started.follow(Stream::out, 0, 100, soon()).get();
  REQUIRE(ok(chunk));
  CHECK(chunk->bytes == "line one\n");
  REQUIRE(ok(started.writeInput("two ").get()));
  REQUIRE(ok(started.writeInput("three\n").get()));
  REQUIRE(ok(started.closeInput().get()));
  CHECK(waitFor(started).exitCode == 0);
  CHECK(followAll(started, Stream::out) == "line one\ntwo three\nend\n");
  CHECK(failsWith(started.writeInput("late").get(), Errc::conflict));
}

TEST_CASE("start: a program that does not exist ends with 127", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  Command command;
  command.program = "no-such-program";
  const auto started = trial.sandbox().start(command).get();
  REQUIRE(ok(started));
  const auto ended = waitFor(*started);
  CHECK(toString(ended.status) == "exited");
  CHECK(ended.exitCode == 127);
}

TEST_CASE("start: what only run can honour is refused", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  auto command = shell("true");
  command.timeouts.total = seconds(5);
  CHECK(failsWith(trial.sandbox().start(command).get(), Errc::invalidArgument));
}

TEST_CASE("start: a command whose generation ended is lost, and stays so", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto started = start(trial, shell("echo up; sleep 100000"));
  REQUIRE(ok(started.follow(Stream::out, 0, 100, soon()).get()));
  SECTION("it vanished and was made again") {
    trial.fixture().vanish(trial.sandbox().id());
    trial.sh("true");
  }
  SECTION("it vanished and nobody has noticed") { trial.fixture().vanish(trial.sandbox().id()); }
  SECTION("it was recreated on purpose") { REQUIRE(ok(trial.sandbox().recreate().get())); }
  SECTION("it was destroyed") { REQUIRE(ok(trial.sandbox().destroy().get())); }
  CHECK(toString(waitFor(started).status) == "lost");
  CHECK(statusOf(started) == "lost");
  const auto rows = trial.sandbox().commands().get();
  REQUIRE(ok(rows));
  CHECK(toString(rows->front().status) == "lost");
}

TEST_CASE("start: stopping a sandbox ends its commands", "[conformance][started]") {
  Trial trial;
  if (!offered(trial) || !trial.offers(Capability::resume)) return;
  trial.makeHold("alive");
  const auto started = start(trial, shell(holding("alive") + "echo up; sleep 100000; :"));
  REQUIRE(ok(started.follow(Stream::out, 0, 100, soon()).get()));
  stopAndResume(trial);
  CHECK(trial.released("alive"));
  CHECK(statusOf(started) != "running");
}

TEST_CASE("start: what a command has printed outlives a stop of its sandbox", "[conformance][started]") {
  Trial trial;
  if (!offered(trial) || !trial.offers(Capability::resume)) return;
  const auto started = start(trial, shell("echo printed; echo problem >&2; exit 3"));
  CHECK(waitFor(started).exitCode == 3);
  stopAndResume(trial);
  CHECK(followAll(started, Stream::out) == "printed\n");
  CHECK(followAll(started, Stream::err) == "problem\n");
}

TEST_CASE("start: an end that was seen never changes", "[conformance][started]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto started = start(trial, shell("exit 4"));
  const auto ended = waitFor(started);
  REQUIRE(ok(trial.sandbox().recreate().get()));
  const auto later = started.status().get();
  REQUIRE(ok(later));
  CHECK(toString(later->status) == "exited");
  CHECK(later->exitCode == 4);
  CHECK(later->finishedAt == ended.finishedAt);
}

TEST_CASE("start: an unknown commandId is notFound", "[conformance][started]") {
  Trial trial;
  const auto nothing = trial.service().command(CommandId("00000000-0000-7000-8000-00000000dead"));
  CHECK(failsWith(nothing.status().get(), Errc::notFound));
  CHECK(failsWith(nothing.kill().get(), Errc::notFound));
}

}  // namespace
}  // namespace mooring::conformance
