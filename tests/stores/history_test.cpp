#include "subject.hpp"

using namespace mooring;

TEST_CASE("store/events: in the order they were written, over all handles", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = subject.add(test::plainRecord(1));
  subject.add(test::plainRecord(2));
  const std::vector<EventReason> reasons = {
      EventReason::provisioned, EventReason::warning, EventReason::extended, EventReason::stopped};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    RecordChange change;
    change.record = record;
    change.events = {test::plainEvent(1, reasons[i])};
    change.events[0].at = test::at(100 - static_cast<int>(i));  // Clocks may go back; the order may not.
    const auto changed = (i % 2 == 0 ? subject.first : subject.second)->update(change, 0);
    REQUIRE(test::ok(changed));
    record = *changed;
  }
  const auto events = subject.second->events(test::sandboxId(1), 0, 100);
  REQUIRE(test::ok(events));
  REQUIRE(events->size() == 5);
  CHECK((*events)[0].reason == EventReason::created);
  CHECK_FALSE((*events)[0].from.has_value());
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    auto expected = test::plainEvent(1, reasons[i]);
    expected.at = test::at(100 - static_cast<int>(i));
    expected.seq = (*events)[i + 1].seq;
    CHECK(test::text((*events)[i + 1]) == test::text(expected));
    CHECK((*events)[i + 1].seq > (*events)[i].seq);
  }

  const auto rest = subject.first->events(test::sandboxId(1), (*events)[2].seq, 100);
  CHECK(rest->size() == 2);
  CHECK(rest->front().seq == (*events)[3].seq);
  const auto two = subject.first->events(test::sandboxId(1), 0, 2);
  CHECK(two->size() == 2);
  CHECK(two->back().seq == (*events)[1].seq);
  const auto others = subject.first->events(test::sandboxId(2), 0, 100);
  REQUIRE(others->size() == 1);
  CHECK(others->front().seq > (*events)[0].seq);
  CHECK(others->front().seq < (*events)[1].seq);
  CHECK(subject.first->events(SandboxId("nobody"), 0, 100)->empty());
}

TEST_CASE("store/events: those without an id belong to the record; those of another one are refused",
          "[stores]") {
  MOORING_EACH_STORE(subject);
  RecordChange change;
  change.record = subject.add(test::plainRecord(1));
  subject.add(test::plainRecord(2));
  change.events = {test::plainEvent(2, EventReason::warning)};
  CHECK(test::failsWith(subject.first->update(change, 0), Errc::internal));
  change.events[0].sandboxId = SandboxId();
  change.incurred = {test::plainDebt(1)};
  change.incurred[0].sandboxId = SandboxId();
  REQUIRE(test::ok(subject.first->update(change, 0)));
  CHECK(subject.second->events(test::sandboxId(1), 0, 10)->back().sandboxId == test::sandboxId(1));
  CHECK(subject.second->debts()->front().sandboxId == test::sandboxId(1));
}

TEST_CASE("store/debts: oldest first, counted when they fail, gone when they are paid", "[stores]") {
  MOORING_EACH_STORE(subject);
  RecordChange change;
  change.record = subject.add(test::plainRecord(1));
  auto destroy = test::plainDebt(1);
  destroy.kind = DebtKind::destroy;
  destroy.externalSandboxId = ExternalSandboxId();
  change.incurred = {test::plainDebt(1), destroy, test::plainDebt(1)};
  change.record = *subject.first->update(change, 0);

  auto debts = *subject.second->debts();
  REQUIRE(debts.size() == 3);
  CHECK(debts[0].seq < debts[1].seq);
  CHECK(debts[1].seq < debts[2].seq);
  destroy.seq = debts[1].seq;
  CHECK(test::text(debts[1]) == test::text(destroy));

  REQUIRE(test::ok(subject.second->debtFailed(debts[1].seq, "still 'down' \xff")));
  REQUIRE(test::ok(subject.first->debtFailed(debts[1].seq, "still 'down' \xff")));
  destroy.attempts += 2;
  destroy.lastError = "still 'down' \xff";
  CHECK(test::text((*subject.first->debts())[1]) == test::text(destroy));

  change.incurred = {};
  change.paid = {debts[0].seq, 999'999};
  REQUIRE(test::ok(subject.second->update(change, 0)));
  CHECK(subject.first->debts()->size() == 2);

  const auto eventsBefore = subject.first->events(test::sandboxId(1), 0, 100)->size();
  REQUIRE(test::ok(subject.first->debtPaid(debts[1].seq, test::plainEvent(1, EventReason::debtPaid))));
  REQUIRE(test::ok(subject.second->debtPaid(debts[1].seq, test::plainEvent(1, EventReason::debtPaid))));
  REQUIRE(subject.first->debts()->size() == 1);
  CHECK(subject.first->debts()->front().seq == debts[2].seq);
  const auto events = *subject.first->events(test::sandboxId(1), 0, 100);
  REQUIRE(events.size() == eventsBefore + 1);
  const auto status = subject.first->get(test::sandboxId(1))->status;
  CHECK(events.back().from == status);
  CHECK(events.back().to == status);
  CHECK(test::failsWith(subject.first->debtFailed(debts[1].seq, "x"), Errc::notFound));
}

TEST_CASE("store/debts: a number is never given twice, and a payment is written to its own sandbox",
          "[stores]") {
  MOORING_EACH_STORE(subject);
  RecordChange change;
  change.record = subject.add(test::plainRecord(1));
  subject.add(test::plainRecord(2));
  change.incurred = {test::plainDebt(1)};
  change.record = *subject.first->update(change, 0);
  const auto seq = subject.first->debts()->front().seq;
  CHECK(test::failsWith(subject.first->debtPaid(seq, test::plainEvent(2, EventReason::debtPaid)),
                        Errc::internal));
  CHECK(subject.second->debts()->size() == 1);

  change.paid = {seq};
  change.record = *subject.first->update(change, 0);
  CHECK(subject.second->debts()->size() == 1);
  CHECK(subject.second->debts()->front().seq > seq);
}

TEST_CASE("store/commands: every byte of a command line comes back", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  auto command = test::plainCommand(1, 1);
  SECTION("several arguments") {}
  SECTION("none") { command.args = {}; }
  SECTION("one that is empty") { command.args = {""}; }
  SECTION("all bytes but NUL") {
    std::string all;
    for (int byte = 1; byte < 256; ++byte)
      all.push_back(static_cast<char>(byte));
    command.args = {all, all};
  }
  SECTION("ended") {
    command.status = CommandStatus::exited;
    command.externalCommandId = ExternalCommandId("x/1");
    command.exitCode = 137;
    command.signal = "SIGKILL";
    command.finishedAt = test::at(9);
  }
  REQUIRE(test::ok(subject.first->insertCommand(command)));
  const auto read = subject.second->getCommand(command.commandId);
  REQUIRE(test::ok(read));
  CHECK(test::text(*read) == test::text(command));
  CHECK(read->args == command.args);
  CHECK(read->program == command.program);
}

TEST_CASE("store/commands: unknown, taken and impossible ones are refused", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  REQUIRE(test::ok(subject.first->insertCommand(test::plainCommand(1, 1))));
  CHECK(test::failsWith(subject.second->insertCommand(test::plainCommand(1, 1)), Errc::conflict));
  CHECK(test::failsWith(
      subject.second->insertCommand(test::plainCommand(2, 2)), Errc::notFound, test::sandboxId(2).value));
  CHECK(test::failsWith(subject.second->getCommand(CommandId("nobody")), Errc::notFound, "nobody"));
  CHECK(test::failsWith(subject.second->updateCommand(test::plainCommand(1, 3)), Errc::notFound));
  auto nul = test::plainCommand(1, 4);
  nul.args = {std::string("a\0b", 3)};
  CHECK(test::failsWith(subject.second->insertCommand(nul), Errc::invalidArgument, "NUL"));
  CHECK(subject.first->listCommands(test::sandboxId(1))->size() == 1);
}

TEST_CASE("store/commands: one that has ended never changes again", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  auto command = test::plainCommand(1, 1);
  REQUIRE(test::ok(subject.first->insertCommand(command)));
  command.status = CommandStatus::running;
  command.externalCommandId = ExternalCommandId("x/1");
  REQUIRE(test::ok(subject.second->updateCommand(command)));
  CHECK(test::text(*subject.first->getCommand(command.commandId)) == test::text(command));

  command.status = GENERATE(CommandStatus::exited, CommandStatus::failed, CommandStatus::lost);
  if (command.status == CommandStatus::exited) command.exitCode = 3;
  command.finishedAt = test::at(3);
  REQUIRE(test::ok(subject.first->updateCommand(command)));
  for (const auto& [status, name] : detail::EnumText<CommandStatus>::entries) {
    auto late = command;
    late.status = status;
    late.exitCode = 99;
    CHECK(test::failsWith(
        subject.second->updateCommand(late), Errc::conflict, std::string(toString(command.status))));
  }
  CHECK(test::text(*subject.second->getCommand(command.commandId)) == test::text(command));
}

TEST_CASE("store/commands: a change touches only what a command's life changes", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  auto command = test::plainCommand(1, 1);
  REQUIRE(test::ok(subject.first->insertCommand(command)));
  CommandRecord partial;
  partial.commandId = command.commandId;
  partial.status = CommandStatus::running;
  REQUIRE(test::ok(subject.first->updateCommand(partial)));
  command.status = CommandStatus::running;
  CHECK(test::text(*subject.second->getCommand(command.commandId)) == test::text(command));
}

TEST_CASE("store/commands: listed newest first, each under its sandbox", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  subject.add(test::plainRecord(2));
  for (const int n : {2, 3, 1, 5, 4}) {
    auto command = test::plainCommand(n == 3 ? 2 : 1, n);
    command.createdAt = test::at(0);  // Within one millisecond: ids still say which came later.
    REQUIRE(test::ok(subject.first->insertCommand(command)));
  }
  const auto commands = subject.second->listCommands(test::sandboxId(1));
  REQUIRE(test::ok(commands));
  std::vector<std::string> ids;
  for (const auto& command : *commands)
    ids.push_back(command.commandId.value);
  CHECK(ids == std::vector{test::commandId(5).value,
                           test::commandId(4).value,
                           test::commandId(2).value,
                           test::commandId(1).value});
  CHECK(subject.first->listCommands(SandboxId("nobody"))->empty());
}
