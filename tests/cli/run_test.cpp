#include "cli.hpp"
#include "support/catch.hpp"

using namespace mooring::test;

TEST_CASE("cli/run: the command's output and exit code are mooring's own", "[cli]") {
  const Cli cli;
  const auto id = cli.create();

  const auto ended = cli.run({"run", id, "--", "sh", "-c", "echo to-out; echo to-err >&2; exit 7"});
  CHECK(ended.code == 7);
  CHECK(ended.out == "to-out\n");
  CHECK(ended.err == "to-err\n");

  CHECK(cli.run({"run", id, "--", "sh", "-c", "kill -TERM $$"}).code == 143);
  CHECK(cli.run({"run", id, "--", "there-is-no-such-program"}).code == 127);
  CHECK(cli.run({"run", id, "--", "/etc/hostname"}).code == 126);
}

TEST_CASE("cli/run: bytes pass through unchanged, both ways", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  std::string bytes;
  for (int at = 0; at < 300'000; ++at)
    bytes += static_cast<char>(at % 251 * 7);

  const auto ended = cli.run({"run", id, "--", "cat"}, {.input = bytes});
  CHECK(ended.code == 0);
  CHECK((ended.out == bytes));
  CHECK(ended.err.empty());
}

TEST_CASE("cli/run: with -n the command reads nothing of our standard input", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto ended = cli.run({"run", id, "-n", "--", "wc", "-c"}, {.input = "not for it"});
  CHECK(ended.code == 0);
  CHECK(ended.line() == "0");
}

TEST_CASE("cli/run: it ends with its command, also while our standard input stays open", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  auto child = cli.start({"run", id, "--", "sh", "-c", "read line; echo got $line"});
  REQUIRE(child.send("something"));
  CHECK(child.line() == "got something");
  CHECK(child.wait() == 0);  // Its input pipe is still open here.
}

TEST_CASE("cli/run: output arrives while the command is still running", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  auto child = cli.start({"run", id, "--", "sh", "-c", "echo first; read line; echo $line"});
  CHECK(child.line() == "first");
  REQUIRE(child.send("second"));
  CHECK(child.line() == "second");
  CHECK(child.wait() == 0);
}

TEST_CASE("cli/run: arguments after -- belong to the command alone", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto ended = cli.run({"run", id, "--", "printf", "%s|", "--json", "--", "", "a b", "-i"});
  CHECK(ended.code == 0);
  CHECK(ended.out == "--json|--||a b|-i|");
}

TEST_CASE("cli/run: directory and environment reach the command", "[cli]") {
  const Cli cli;
  const auto id = cli.create({"--env", "FROM=sandbox", "--env", "BOTH=sandbox"});
  const auto ended = cli.run({"run",
                              id,
                              "--cwd",
                              "/tmp",
                              "--env",
                              "BOTH=command",
                              "--env",
                              "EMPTY=",
                              "--",
                              "sh",
                              "-c",
                              "echo $PWD $FROM $BOTH ${EMPTY-unset}"});
  CHECK(ended.code == 0);
  CHECK(ended.out == "/tmp sandbox command\n");
}

TEST_CASE("cli/run: a command that outlives its time limit is killed, and the code is 124", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto total = cli.run({"run", id, "--timeout", "100ms", "--", "sleep", "1000"});
  CHECK(total.code == 124);
  CHECK_THAT(total.err, Catch::Matchers::ContainsSubstring("total time limit"));
  const auto first = cli.run({"run", id, "--first-byte", "100ms", "--", "sleep", "1000"});
  CHECK(first.code == 124);
  CHECK_THAT(first.err, Catch::Matchers::ContainsSubstring("firstByte time limit"));
  const auto silence = cli.run(
      {"run", id, "--silence", "100ms", "--json", "--", "sh", "-c", "echo said; sleep 1000"});
  CHECK(silence.code == 124);
  CHECK(silence.json().at("timedOut").as_string() == "silence");
  CHECK(silence.json().at("stdout").at("text").as_string() == "said\n");
  CHECK(cli.run({"run", id, "--deadline", "100ms", "--", "sleep", "1000"}).code == 124);
}

TEST_CASE("cli/run: with --json the result is one value, whatever bytes were printed", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto ended = cli.run(
      {"run", id, "--json", "--", "sh", "-c", R"(printf '\377\000x'; echo oops >&2; exit 3)"});
  CHECK(ended.code == 3);
  const auto result = ended.json();
  CHECK(result.at("exitCode").as_int64() == 3);
  CHECK(result.at("stdout").at("text").at("base64").as_string() == "/wB4");
  CHECK(result.at("stderr").at("text").as_string() == "oops\n");
  CHECK(result.at("connection").as_string() == "attached");
}

TEST_CASE("cli/run: Ctrl-C kills the command in the sandbox", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  REQUIRE(cli.run({"run", id, "--", "mkfifo", "held"}).code == 0);
  // Reading ends when the last process that holds the other end of the fifo is dead.
  auto holder = cli.start(
      {"run", id, "-n", "--", "sh", "-c", "exec 3>held; echo holding; exec sleep 1000000"});
  auto witness = cli.start({"run", id, "-n", "--", "cat", "held"});
  REQUIRE(holder.line() == "holding");

  holder.signal(SIGINT);
  CHECK(holder.wait() == 130);
  CHECK(witness.wait() == 0);

  auto terminated = cli.start({"run", id, "-n", "--", "sh", "-c", "echo up; exec sleep 1000000"});
  REQUIRE(terminated.line() == "up");
  terminated.signal(SIGTERM);
  CHECK(terminated.wait() == 143);
}

TEST_CASE("cli/run: when the reader of its output leaves, it ends quietly and the command is killed",
          "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto ended = cli.bash(R"("$@" | head -n 1; exit ${PIPESTATUS[0]})", {"run", id, "-n", "--", "yes"});
  CHECK(ended.code == 141);
  CHECK(ended.out == "y\n");
  CHECK(ended.err.empty());
}

TEST_CASE("cli/run: output that cannot be written is an error, not lost", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto ended = cli.bash(R"("$@" >/dev/full)", {"run", id, "-n", "--", "echo", "hello"});
  CHECK(ended.code == 125);
  CHECK_THAT(ended.err, Catch::Matchers::ContainsSubstring("No space left"));
}

TEST_CASE("cli/run: a started command is followed by another process, from its first byte", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto started = cli.run({"run",
                                id,
                                "--detach",
                                "--",
                                "sh",
                                "-c",
                                "echo one; echo odd >&2; mkfifo gate; cat gate; echo two; exit 9"});
  INFO(started.err);
  REQUIRE(started.code == 0);
  const auto command = started.line();
  REQUIRE(command.size() == 36);

  auto attached = cli.start({"attach", command});
  CHECK(attached.line() == "one");
  const auto listed = cli.run({"ps", id});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Catch::Matchers::StartsWith(command + "\trunning\t"));

  // The gate is made after the first line was printed, so opening it may have to wait for it: in the sandbox.
  CHECK(cli.run({"run", id, "--", "sh", "-c", "until [ -p gate ]; do :; done; echo open >gate"}).code == 0);
  CHECK(attached.rest() == std::vector<std::string>{"open", "two"});
  CHECK(attached.wait() == 9);

  const auto again = cli.run({"attach", command});
  CHECK(again.code == 9);
  CHECK(again.out == "one\nopen\ntwo\n");
  CHECK(again.err == "odd\n");
  const auto later = cli.run({"attach", command, "--offset", "4", "--err-offset", "2", "--json"});
  CHECK(later.code == 9);
  std::string out;
  std::string err;
  auto lines = later.jsonLines();
  REQUIRE(!lines.empty());
  CHECK(lines.back().at("status").as_string() == "exited");
  lines.pop_back();
  for (const auto& piece : lines) {
    (piece.at("stream").as_string() == "stdout" ? out : err) += std::string(piece.at("bytes").as_string());
  }
  CHECK(out == "open\ntwo\n");
  CHECK(err == "d\n");

  const auto waited = cli.run({"wait", command, "--json"});
  CHECK(waited.code == 9);
  CHECK(waited.json().at("exitCode").as_int64() == 9);
  CHECK(cli.run({"ps", id, "--json"}).jsonLines().at(0).at("commandId").as_string() == command);
}

TEST_CASE("cli/run: a started command reads what -i gives it, and else an empty input", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto fed = cli.run({"run", id, "--detach", "-i", "--", "wc", "-c"},
                           {.input = std::string(100'000, 'x')});
  REQUIRE(fed.code == 0);
  CHECK(cli.run({"attach", fed.line()}).out == "100000\n");
  const auto unfed = cli.run({"run", id, "--detach", "--json", "--", "wc", "-c"}, {.input = "not for it"});
  REQUIRE(unfed.code == 0);
  CHECK(cli.run({"attach", std::string(unfed.json().at("commandId").as_string())}).out == "0\n");
}

TEST_CASE("cli/attach, wait: a command that went with its sandbox has no exit code to give", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto command = cli.run({"run", id, "--detach", "--", "sleep", "1000000"}).line();
  REQUIRE(cli.run({"destroy", id}).code == 0);
  const auto waited = cli.run({"wait", command});
  CHECK(waited.code == 125);
  CHECK_THAT(waited.err, Catch::Matchers::ContainsSubstring("lost"));
  CHECK(cli.run({"attach", command}).code == 125);
  CHECK_THAT(cli.run({"ps", id}).out, Catch::Matchers::StartsWith(command + "\tlost\t"));
}

TEST_CASE("cli/kill: ends a started command; Ctrl-C on attach does not", "[cli]") {
  const Cli cli;
  const auto id = cli.create();
  const auto command = cli.run({"run", id, "--detach", "--", "sh", "-c", "echo up; exec sleep 1000000"})
                           .line();
  auto attached = cli.start({"attach", command});
  REQUIRE(attached.line() == "up");
  attached.signal(SIGINT);
  CHECK(attached.wait() == 130);
  CHECK_THAT(cli.run({"ps", id}).out, Catch::Matchers::ContainsSubstring("running"));

  CHECK(cli.run({"kill", command, "NOTASIGNAL"}).code == 2);
  CHECK(cli.run({"kill", command, "KILL"}).code == 0);
  CHECK(cli.run({"wait", command}).code == 137);
  CHECK(cli.run({"kill", command}).code == 0);  // Fine when it has ended.
}
