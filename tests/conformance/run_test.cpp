#include "trial.hpp"

namespace mooring::conformance {
namespace {

using std::chrono::seconds;

std::string everyByteButNul() {
  std::string bytes;
  for (int i = 1; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

TEST_CASE("run: every argument arrives byte for byte", "[conformance][run]") {
  Trial trial;
  const std::vector<std::string> args{
      "a b",
      "it's",
      "\"quoted\"",
      "-n",
      "--",
      "$HOME",
      "`id`",
      "$(id)",
      "*",
      "two\nlines",
      "tab\there",
      "\\",
      "trailing\n",
      "\xF0\x9F\x9A\xA2",
      "\xFF\xFE not UTF-8",
      "",
      " ",
      "%s",
      "!",
      "a=b",
      everyByteButNul(),
  };
  Command command;
  command.program = "printf";
  command.args = {"[%s]"};
  std::string expected;
  for (const auto& arg : args) {
    command.args.push_back(arg);
    expected += "[" + arg + "]";
  }
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.text == expected);
  CHECK(result.err.text.empty());
}

TEST_CASE("run: an argument of 100 kB arrives whole", "[conformance][run]") {
  Trial trial;
  std::string arg;
  while (arg.size() < 100'000)
    arg += "0123456789 'abc' \"def\" $x\n";
  Command command;
  command.program = "printf";
  command.args = {"%s", arg};
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.text == arg);
}

TEST_CASE("run: a NUL byte is refused before anything runs", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = "printf";
  command.args = {std::string("a\0b", 3)};
  CHECK(failsWith(trial.sandbox().run(command).get(), Errc::invalidArgument));
}

TEST_CASE("run: a program is looked up on PATH, and one with a slash where the command stands",
          "[conformance][run]") {
  Trial trial;
  trial.sh(R"(mkdir -p bin && printf '#!/bin/sh\necho "here $1"\n' >bin/tool && chmod 755 bin/tool)");
  Command command;
  command.program = "./tool";
  command.args = {"x"};
  command.cwd = "bin";
  CHECK(trial.run(command).out.text == "here x\n");
}

TEST_CASE("run: the working directory is the home, or what was asked for", "[conformance][run]") {
  Trial trial;
  const auto home = trial.sh("pwd -P");
  CHECK(home.starts_with("/"));
  trial.sh("mkdir -p 'a b/c'");
  auto command = shell("pwd -P");
  const auto inside = home.substr(0, home.size() - 1) + (home == "/\n" ? "a b/c\n" : "/a b/c\n");

  command.cwd = "a b/c";
  CHECK(trial.run(command).out.text == inside);
  command.cwd = inside.substr(0, inside.size() - 1);
  CHECK(trial.run(command).out.text == inside);
  command.cwd = "/";
  CHECK(trial.run(command).out.text == "/\n");
}

TEST_CASE("run: a missing working directory is never a success", "[conformance][run]") {
  Trial trial;
  auto command = shell("echo ran");
  command.cwd = "no/such/directory";
  const auto result = trial.sandbox().run(command).get();
  if (result) {
    CHECK(result->exitCode != 0);
    CHECK(result->out.text.empty());
  } else {
    CHECK((result.error().code == Errc::notFound || result.error().code == Errc::invalidArgument));
  }
}

TEST_CASE("run: the command's env beats the sandbox's env and secretEnv", "[conformance][run]") {
  Trial trial;
  trial.fixture().setSecret("SECRET_ONE", "secret");
  trial.fixture().setSecret("SECRET_TWO", "secret");
  auto config = trial.config();
  config.env = {{"PLAIN_ONE", "config"}, {"PLAIN_TWO", "config"}};
  config.secretEnv = {"SECRET_ONE", "SECRET_TWO"};
  auto sandbox = trial.create(config);
  auto command = shell(R"(printf '%s|%s|%s|%s' "$PLAIN_ONE" "$PLAIN_TWO" "$SECRET_ONE" "$SECRET_TWO")");
  command.env = {{"PLAIN_TWO", "command"}, {"SECRET_TWO", "command"}};
  CHECK(trial.run(sandbox, command).out.text == "config|command|secret|command");
}

TEST_CASE("run: env values arrive byte for byte, and leave PATH alone", "[conformance][run]") {
  Trial trial;
  auto command = shell(
      R"(printf '[%s][%s][%s]' "$ODD" "${EMPTY-unset}" "${ABSENT-unset}"; command -v cat >/dev/null)");
  const std::string odd = "it's \"$HOME\"\nnext = \xF0\x9F\x9A\xA2\\";
  command.env = {{"ODD", odd}, {"EMPTY", ""}};
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.text == "[" + odd + "][][unset]");
}

TEST_CASE("run: without input, standard input is at its end", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = "cat";
  command.timeouts.total = seconds(60);
  const auto result = trial.run(command);
  CHECK_FALSE(result.timedOut.has_value());
  CHECK(result.exitCode == 0);
  CHECK(result.out.totalBytes == 0);
}

TEST_CASE("run: input arrives byte for byte, 8 MiB of it too", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = "cat";
  command.input = "some bytes";
  if (!trial.offers(Capability::commandInput)) {
    CHECK(failsWith(trial.sandbox().run(command).get(), Errc::unsupported));
    return;
  }
  CHECK(trial.run(command).out.text == "some bytes");

  command.input = everyByteButNul() + std::string(3, '\0') + "\r\n";
  CHECK(trial.run(command).out.text == command.input);

  std::string large;
  large.reserve(std::size_t{8} << 20);
  for (std::uint32_t word = 1; large.size() < std::size_t{8} << 20; word = word * 1664525 + 1013904223) {
    large += static_cast<char>(word >> 24);
  }
  command.input = large;
  command.captureLimit = std::size_t{16} << 20;
  const auto echoed = trial.run(command);
  CHECK(echoed.exitCode == 0);
  CHECK(echoed.out.totalBytes == large.size());
  CHECK((echoed.out.text == large));

  command.input.clear();
  command.inputStream = sourceOf(large);
  const auto streamed = trial.run(command);
  CHECK((streamed.out.text == large));
}

TEST_CASE("run: input that nobody reads does not disturb a command", "[conformance][run]") {
  Trial trial;
  if (!trial.offers(Capability::commandInput)) return;
  auto command = shell("exec <&-; echo done; exit 5");
  command.input.assign(std::size_t{4} << 20, 'x');
  const auto result = trial.run(command);
  CHECK(result.exitCode == 5);
  CHECK(result.out.text == "done\n");
}

TEST_CASE("run: a non-zero exit is a result", "[conformance][run]") {
  Trial trial;
  const auto code = GENERATE(0, 1, 2, 126, 127, 255);
  const auto result = trial.run(shell("exit " + std::to_string(code)));
  CHECK(result.exitCode == code);
  CHECK(result.signal.empty());
  CHECK_FALSE(result.timedOut.has_value());
}

TEST_CASE("run: a program that does not exist ends with 127", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = GENERATE(as<std::string>{}, "no-such-program", "/no/such/program");
  CHECK(trial.run(command).exitCode == 127);
}

TEST_CASE("run: a program that may not be executed ends with 126", "[conformance][run]") {
  Trial trial;
  const auto home = trial.sh(R"(printf '#!/bin/sh\n' >plain && chmod 644 plain && mkdir -p folder && pwd)");
  Command command;
  command.program = home.substr(0, home.size() - 1) + GENERATE(as<std::string>{}, "/plain", "/folder");
  CHECK(trial.run(command).exitCode == 126);
}

TEST_CASE("run: a signal that kills shows as 128 + n", "[conformance][run]") {
  Trial trial;
  const auto number = GENERATE(1, 2, 3, 9, 15);
  Command command;
  command.program = "sh";
  command.args = {"-c", "kill -" + std::to_string(number) + " $$"};
  const auto result = trial.run(command);
  CHECK(result.exitCode == 128 + number);
  if (!result.signal.empty()) CHECK(result.signal == signalName(number));
}

TEST_CASE("run: a background process survives its command and the next one meets it", "[conformance][run]") {
  Trial trial;
  trial.sh("mkfifo ask answer; (read line <ask; echo \"got $line\" >answer) </dev/null >/dev/null 2>&1 &");
  CHECK(trial.sh("echo hello >ask; cat answer") == "got hello\n");
}

TEST_CASE("run: a command has ended when it has, whatever its children still hold", "[conformance][run]") {
  Trial trial;
  std::string script;
  SECTION("a silent one that keeps its output open") { script = "sleep 100000 & echo done; exit 6"; }
  SECTION("one that never stops printing") { script = "yes & echo done >&2; exit 6"; }
  auto command = shell(script);
  command.timeouts.total = seconds(30);
  const auto result = trial.run(command);
  CHECK_FALSE(result.timedOut.has_value());
  CHECK(result.exitCode == 6);
}

TEST_CASE("run: eight commands run at the same time", "[conformance][run]") {
  Trial trial;
  trial.sh("for i in 1 2 3 4 5 6 7; do mkfifo pipe$i; done");
  std::vector<std::future<Result<CommandResult>>> running;
  for (int i = 1; i <= 8; ++i) {
    // Seven that wait, each for its own line, and one that sends all lines: one after another they would
    // never end.
    const auto n = std::to_string(i);
    auto command = i < 8 ? shell("read line <pipe" + n + "; echo \"" + n + " $line\"")
                         : shell("for i in 1 2 3 4 5 6 7; do echo go >pipe$i; done; echo sent");
    command.timeouts.total = seconds(60);
    running.push_back(trial.sandbox().run(command).start());
  }
  for (int i = 1; i <= 8; ++i) {
    auto result = running[static_cast<std::size_t>(i - 1)].get();
    REQUIRE(ok(result));
    CHECK_FALSE(result->timedOut.has_value());
    CHECK(result->out.text == (i < 8 ? std::to_string(i) + " go\n" : "sent\n"));
  }
}

TEST_CASE("run: another process needs only the sandboxId", "[conformance][run]") {
  Trial trial;
  trial.sh("echo kept >file");
  auto other = trial.fixture().otherProcess();
  const auto result = other.service.sandbox(trial.sandbox().id()).run("cat", {"file"}).get();
  REQUIRE(ok(result));
  CHECK(result->out.text == "kept\n");
  CHECK(toString(result->connection) == "attached");
  CHECK(other.store->commits() == 0);
}

TEST_CASE("run: a vanished sandbox is made again, and the result says so", "[conformance][run]") {
  Trial trial;
  auto config = trial.config();
  config.setup.emplace_back(SetupUpload{.path = "from-setup", .content = "ready"});
  auto sandbox = trial.create(config);
  trial.sh(sandbox, "echo mine >from-run");
  trial.fixture().vanish(sandbox.id());

  const auto result = trial.run(sandbox, shell("cat from-setup; cat from-run 2>/dev/null || echo ' lost'"));
  CHECK(result.out.text == "ready lost\n");
  CHECK(toString(result.connection) == "recreated");
  const auto record = trial.record(sandbox);
  CHECK(record.generation == 2);
  CHECK(toString(record.status) == "active");
  CHECK(trial.hasEvent(sandbox, EventReason::foundGone));
  CHECK(toString(trial.run(sandbox, shell("true")).connection) == "attached");
}

TEST_CASE("run: a sleeping sandbox is woken with its files, and the result says so", "[conformance][run]") {
  Trial trial;
  if (!trial.offers(Capability::resume)) return;
  trial.sh("echo kept >file");
  trial.fixture().putToSleep(trial.sandbox().id());

  const auto result = trial.run(shell("cat file"));
  CHECK(result.out.text == "kept\n");
  CHECK(toString(result.connection) == "resumed");
  CHECK(trial.record(trial.sandbox()).generation == 1);
}

TEST_CASE("run: an unknown sandboxId is notFound", "[conformance][run]") {
  Trial trial;
  auto nobody = trial.service().sandbox("00000000-0000-7000-8000-00000000dead");
  CHECK(failsWith(nobody.run("true", {}).get(), Errc::notFound));
}

}  // namespace
}  // namespace mooring::conformance
