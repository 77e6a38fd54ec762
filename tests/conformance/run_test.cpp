#include "trial.hpp"

#include <future>
#include <mutex>
#include <stop_token>

namespace mooring::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Keeps all that it sees, and says when there is enough.
class Recorder final : public OutputSink {
 public:
  explicit Recorder(std::string awaited = std::string()) : awaited_(std::move(awaited)) {}

  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    (stream == Stream::out ? out_ : err_) += asText(bytes);
    if (!said_ && !awaited_.empty() && out_.find(awaited_) != std::string::npos) {
      said_ = true;
      seen_.set_value();
    }
  }

  /// Blocks until `awaited` has been printed.
  bool awaitSeen() { return seen_.get_future().wait_for(seconds(60)) == std::future_status::ready; }
  std::string out() {
    const std::lock_guard lock(mutex_);
    return out_;
  }
  std::string err() {
    const std::lock_guard lock(mutex_);
    return err_;
  }

 private:
  std::mutex mutex_;
  std::string awaited_;
  bool said_ = false;
  std::promise<void> seen_;
  std::string out_;
  std::string err_;
};

std::string everyByteButNul() {
  std::string bytes;
  for (int i = 1; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

bool isUtf8Whole(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return false;
    }
    at += length;
  }
  return true;
}

/// Prints "up", then waits for ever, with a child and a grandchild that do too; all of them hold `name`.
Command family(const std::string& name) {
  return shell(holding(name) + R"((sh -c 'sleep 100000; :'; :) & echo up; sleep 100000; :)");
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

TEST_CASE("create: a name in both env and secretEnv is refused", "[conformance][secrets]") {
  Trial trial;
  trial.fixture().setSecret("TWICE", "secret");
  auto config = trial.config();
  config.env = {{"TWICE", "config"}};
  config.secretEnv = {"TWICE"};
  CHECK(failsWith(trial.service().create(config).get(), Errc::invalidArgument, "TWICE"));
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

TEST_CASE("run: the two output streams stay apart", "[conformance][run]") {
  Trial trial;
  const auto result = trial.run(shell("printf 'to out'; printf 'to err' >&2; printf ' again'"));
  CHECK(result.out.text == "to out again");
  CHECK(result.err.text == "to err");
  CHECK(result.out.totalBytes == 12);
  CHECK(result.err.totalBytes == 6);
  CHECK_FALSE(result.out.truncated);
  CHECK(result.out.headBytes == 12);
}

TEST_CASE("run: output may be any bytes", "[conformance][run]") {
  Trial trial;
  std::string script = "printf '";
  std::string expected;
  for (int i = 0; i < 256; ++i) {
    expected += static_cast<char>(i);
    script += "\\" + std::string(1, static_cast<char>('0' + i / 64)) + static_cast<char>('0' + i / 8 % 8) +
              static_cast<char>('0' + i % 8);
  }
  script += "'";
  const auto result = trial.run(shell(script + "; " + script + " >&2"));
  CHECK((result.out.text == expected));
  CHECK((result.err.text == expected));
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

TEST_CASE("run: a limit kills the command with all its children and says which it was",
          "[conformance][run]") {
  Trial trial;
  trial.makeHold("alive");
  auto command = family("alive");
  TimeoutKind expected = TimeoutKind::total;
  std::string printed = "up\n";
  SECTION("total") { command.timeouts.total = milliseconds(2000); }
  SECTION("silence") {
    expected = TimeoutKind::silence;
    command.timeouts.silence = milliseconds(300);
  }
  SECTION("the first byte") {
    expected = TimeoutKind::firstByte;
    printed.clear();
    command = shell(holding("alive") + R"((sh -c 'sleep 100000; :'; :) & sleep 100000; :)");
    command.timeouts.firstByte = milliseconds(300);
  }
  const auto result = trial.run(command);
  REQUIRE(result.timedOut.has_value());
  CHECK(toString(*result.timedOut) == toString(expected));
  CHECK(result.killConfirmed);
  CHECK(result.exitCode > 128);
  CHECK(result.out.text == printed);
  CHECK(trial.released("alive"));
}

TEST_CASE("run: limits that do not pass leave a command alone", "[conformance][run]") {
  Trial trial;
  auto command = shell("echo one; echo two >&2; exit 4");
  command.timeouts = {
      .connect = seconds(60), .firstByte = seconds(60), .silence = seconds(60), .total = seconds(60)};
  const auto result = trial.run(command);
  CHECK_FALSE(result.timedOut.has_value());
  CHECK(result.exitCode == 4);
  CHECK(result.out.text == "one\n");
  CHECK(result.startedAt <= result.finishedAt);
}

TEST_CASE("run: a call's deadline kills the command and keeps what it printed", "[conformance][run]") {
  Trial trial;
  trial.makeHold("alive");
  const auto result = trial.sandbox().run(family("alive"), CallOptions::within(milliseconds(2000))).get();
  REQUIRE(failsWith(result, Errc::deadlineExceeded));
  REQUIRE(result.error().partial);
  CHECK(result.error().partial->out.text == "up\n");
  CHECK(trial.released("alive"));
}

TEST_CASE("run: a stop token kills the command and keeps what it printed", "[conformance][run]") {
  Trial trial;
  trial.makeHold("alive");
  std::stop_source stop;
  auto sink = std::make_shared<Recorder>("up\n");
  auto command = family("alive");
  command.sink = sink;
  CallOptions call;
  call.stopToken = stop.get_token();
  auto running = trial.sandbox().run(command, call).start();
  REQUIRE(sink->awaitSeen());
  stop.request_stop();
  const auto result = running.get();
  REQUIRE(failsWith(result, Errc::cancelled));
  REQUIRE(result.error().partial);
  CHECK(result.error().partial->out.text == "up\n");
  CHECK(trial.released("alive"));
}

TEST_CASE("run: a capture keeps head and tail and counts all", "[conformance][run]") {
  Trial trial;
  Command command;
  command.program = "printf";
  command.args = {"%s", "abcdefghijklmnopqrstuvwxyz"};
  command.captureLimit = 10;
  const auto result = trial.run(command);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == 26);
  CHECK(result.out.text == "abcdevwxyz");
  CHECK(result.out.headBytes == 5);
  CHECK_FALSE(result.err.truncated);
}

TEST_CASE("run: a capture is cut between UTF-8 characters", "[conformance][run]") {
  Trial trial;
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\xA2";
  Command command;
  command.program = "printf";
  command.args = {"%s", text};
  command.captureLimit = static_cast<std::size_t>(GENERATE(range(20, 30)));
  const auto result = trial.run(command);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == text.size());
  CHECK(result.out.text.size() <= command.captureLimit);
  CHECK(isUtf8Whole(result.out.text));
  CHECK(text.starts_with(result.out.text.substr(0, result.out.headBytes)));
  CHECK(text.ends_with(result.out.text.substr(result.out.headBytes)));
}

TEST_CASE("run: a sink sees every byte in order, also what the capture drops", "[conformance][run]") {
  Trial trial;
  std::string expected;
  for (int i = 1; i <= 20'000; ++i)
    expected += std::to_string(i) + "\n";
  auto sink = std::make_shared<Recorder>();
  auto command = shell("seq 1 20000; echo problem >&2");
  command.captureLimit = 100;
  command.sink = sink;
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.truncated);
  CHECK(result.out.totalBytes == expected.size());
  CHECK((sink->out() == expected));
  CHECK(sink->err() == "problem\n");
}

TEST_CASE("run: output comes while the command still runs", "[conformance][run]") {
  Trial trial;
  trial.sh("mkfifo go");
  auto sink = std::make_shared<Recorder>("first\n");
  auto command = shell("echo first; read line <go; echo \"then $line\"");
  command.sink = sink;
  auto running = trial.sandbox().run(command, CallOptions::within(seconds(60))).start();
  REQUIRE(sink->awaitSeen());  // It cannot end before it is told to below.
  trial.sh("echo more >go");
  const auto result = running.get();
  REQUIRE(ok(result));
  CHECK(result->out.text == "first\nthen more\n");
}

TEST_CASE("run: 50 MB of output are counted exactly and not kept", "[conformance][run]") {
  Trial trial;
  auto command = shell("head -c 50000000 /dev/zero; head -c 1000003 /dev/zero >&2");
  command.captureLimit = 4096;
  const auto result = trial.run(command);
  CHECK(result.exitCode == 0);
  CHECK(result.out.totalBytes == 50'000'000);
  CHECK(result.err.totalBytes == 1'000'003);
  CHECK(result.out.text.size() <= 4096);
  CHECK(result.err.text.size() <= 4096);
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
