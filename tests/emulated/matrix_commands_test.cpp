// Commands, under each trouble.
#include "fault_matrix.hpp"

#include <algorithm>

using namespace mooring;
using namespace mooring::test;

namespace {

/// How often the command that appends a line to this file has run.
int linesOf(Cell& cell, const std::string& file) {
  const auto text = cell.content(file).value_or("");
  return static_cast<int>(std::ranges::count(text, '\n'));
}

std::string numbered(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i)
    text += std::to_string(i) + "\n";
  return text;
}

Result<void> expectText(const Result<CommandResult>& result, const std::string& wanted) {
  if (!result) return std::unexpected(result.error());
  CHECK(result->exitCode == 0);
  CHECK(result->out.text == wanted);
  return {};
}

}  // namespace

TEST_CASE("faults: a command runs at most once, or it is said", "[emulated]") {
  Deed deed;
  deed.act = [](Cell& cell) {
    return expectText(cell.sandbox.run(shell("echo ran >>" + cell.name + "; echo done")).get(), "done\n");
  };
  deed.effects = [](Cell& cell) { return linesOf(cell, cell.name); };
  underEachTrouble(deed);
}

TEST_CASE("faults: a command that may run twice is run until it has", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.act = [](Cell& cell) {
    CallOptions call;
    call.idempotent = true;
    return expectText(cell.sandbox.run(shell("echo ran >" + cell.name + "; echo done"), call).get(),
                      "done\n");
  };
  deed.effects = [](Cell& cell) { return linesOf(cell, cell.name); };
  underEachTrouble(deed);
}

TEST_CASE("faults: a long input arrives once and whole, or it is said", "[emulated]") {
  static const std::string input = numbered(30'000);
  Deed deed;
  deed.act = [](Cell& cell) {
    auto command = shell("cat >>" + cell.name + "; echo done");
    command.input = input;
    return expectText(cell.sandbox.run(command).get(), "done\n");
  };
  deed.effects = [](Cell& cell) {
    const auto got = cell.content(cell.name).value_or("");
    return got.empty() ? 0 : got == input ? 1 : neitherNor;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: all output arrives, once and in order, or it is said", "[emulated]") {
  static const std::string printed = numbered(30'000);
  const auto command = [](const Cell& cell) {
    return shell("echo ran >>" + cell.name + "; i=0; while [ $i -lt 30000 ]; do echo $i; i=$((i+1)); done");
  };
  Deed deed;
  deed.act = [command](Cell& cell) {
    const auto result = cell.sandbox.run(command(cell)).get();
    // What is there of it when the rest could not be had is its beginning.
    if (!result && result.error().partial) CHECK(printed.starts_with(result.error().partial->out.text));
    return expectText(result, printed);
  };
  deed.effects = [](Cell& cell) { return linesOf(cell, cell.name); };
  SECTION("each trouble") { underEachTrouble(deed); }
  SECTION("cut at any place") {
    auto world = faultWorld();
    const auto cloud = world.cloud();
    const auto sandbox = cloud->create();
    for (const std::uint64_t bytes : {0U, 100U, 200U, 300U, 1000U, 5000U, 50'000U, 150'000U}) {
      INFO("cut after " << bytes);
      auto cut = acting(emulation::FaultAction::cutBody);
      cut.bytes = bytes;
      const Trouble trouble{"cut", Harm::doubt, cut};
      Cell cell{*cloud, trouble, sandbox, "cut-" + std::to_string(bytes)};
      REQUIRE(ok(cloud->faults().add(cut)));
      const auto done = deed.act(cell);
      cloud->faults().clear();
      if (!done) CHECK(failsWith(done, Errc::outcomeUnknown));
      CHECK(deed.effects(cell) == 1);
    }
  }
}

TEST_CASE("faults: a command that takes too long is dead when its result says so", "[emulated]") {
  Deed deed;
  auto confirmed = std::make_shared<bool>(false);
  deed.act = [confirmed](Cell& cell) -> Result<void> {
    *confirmed = false;
    Command command = shell("echo ran >>" + cell.name + "; exec sleep 98765");
    command.timeouts.connect = std::chrono::seconds(2);  // Its start may be among what is lost.
    command.timeouts.total = std::chrono::milliseconds(300);
    const auto result = cell.sandbox.run(command).get();
    if (!result) return std::unexpected(result.error());
    CHECK(result->timedOut.has_value());
    *confirmed = result->killConfirmed;
    return {};
  };
  deed.effects = [confirmed](Cell& cell) {
    if (*confirmed) {
      CHECK(cell.sh("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null | "
                    "grep -c '^sleep [9]8765' || true") == "0\n");
    }
    // A kill may come before the script's first word.
    return linesOf(cell, cell.name) <= 1 ? 1 : neitherNor;
  };
  // A sandbox that ends at the kill takes with it what could have confirmed it.
  deed.spares = {Harm::rebooted, Harm::asleep, Harm::lost};
  underEachTrouble(deed);
}

TEST_CASE("faults: a command is started at most once, or it is said", "[emulated]") {
  Deed deed;
  deed.act = [](Cell& cell) -> Result<void> {
    auto command = shell("echo ran >>" + cell.name);
    command.timeouts = Timeouts();
    const auto started = cell.sandbox.start(command).get();
    if (!started) return std::unexpected(started.error());
    return {};
  };
  deed.effects = [](Cell& cell) {
    const auto all = cell.sandbox.commands().get();
    REQUIRE(ok(all));
    for (const auto& each : *all) {
      const bool ours = !each.args.empty() && each.args.back().ends_with(cell.name);
      if (!ours) continue;
      const auto handle = cell.cloud.service().command(each.commandId);
      auto now = handle.status().get();
      REQUIRE(ok(now));
      if (now->status == CommandStatus::running) now = handle.wait().get();
      REQUIRE(ok(now));
      // Its record and what it did agree.
      const int lines = linesOf(cell, cell.name);
      CHECK((lines == 1) == (now->status == CommandStatus::exited));
      return lines;
    }
    return 0;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a started command's end and output are had in the end", "[emulated]") {
  Deed deed;
  deed.safe = true;
  auto started = std::make_shared<std::optional<StartedCommand>>();
  deed.prepare = [started](Cell& cell) {
    auto command = shell("echo printed");
    command.timeouts = Timeouts();
    auto handle = cell.sandbox.start(command).get();
    REQUIRE(ok(handle));
    started->emplace(std::move(*handle));
  };
  deed.act = [started](Cell&) -> Result<void> {
    const auto ended = (*started)->wait().get();
    if (!ended) return std::unexpected(ended.error());
    CHECK(toString(ended->status) == "exited");
    CHECK(ended->exitCode == 0);
    const auto printed = (*started)->output(Stream::out).get();
    if (!printed) return std::unexpected(printed.error());
    CHECK(printed->bytes == "printed\n");
    return {};
  };
  deed.effects = [](Cell&) { return 1; };
  deed.spares = {Harm::rebooted, Harm::asleep, Harm::lost};  // It may end before it has printed.
  underEachTrouble(deed);
}
