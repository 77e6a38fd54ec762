#include "recorder.hpp"
#include "trial.hpp"

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

namespace mooring::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Prints "up", then waits for ever, with a child and a grandchild that do too; all of them hold `name`.
Command family(const std::string& name) {
  return shell(holding(name) + R"((sh -c 'sleep 100000; :'; :) & echo up; sleep 100000; :)");
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

}  // namespace
}  // namespace mooring::conformance
