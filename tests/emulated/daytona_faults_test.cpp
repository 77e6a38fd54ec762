// Every trouble × every operation: each ends well or in the right error, nothing runs twice, nothing is left
// over.
#include "daytona_cloud.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

using namespace mooring;
using emulation::Fault;
using emulation::FaultAction;
using emulation::RetryAfterForm;
using test::DaytonaCloud;
using test::ok;

namespace {

/// What strikes the first request of an operation.
struct Trouble {
  std::string name = {};
  Fault fault = {};
};

Fault acting(FaultAction action) {
  Fault fault;
  fault.action = action;
  return fault;
}

Fault answering(int status, std::optional<std::string> body = std::nullopt) {
  auto fault = acting(FaultAction::status);
  fault.status = status;
  fault.body = std::move(body);
  return fault;
}

Fault limiting(RetryAfterForm form) {
  auto fault = answering(429);
  fault.retryAfter = form;
  return fault;
}

Fault disturbing(std::string state) {
  auto fault = acting(FaultAction::disturb);
  fault.state = std::move(state);
  return fault;
}

std::vector<Trouble> troubles() {
  auto slow = acting(FaultAction::delay);
  slow.latency = std::chrono::milliseconds(200);
  auto cut = acting(FaultAction::cutBody);
  cut.bytes = 5;
  return {
      {"reset", acting(FaultAction::reset)},
      {"reply lost", acting(FaultAction::loseReply)},
      {"slow", slow},
      {"body cut", cut},
      {"429", limiting(RetryAfterForm::none)},
      {"429, seconds", limiting(RetryAfterForm::seconds)},
      {"429, date", limiting(RetryAfterForm::date)},
      {"429, suffixed", limiting(RetryAfterForm::suffixed)},
      {"500", answering(500)},
      {"502, empty", answering(502, "")},
      {"503", answering(503)},
      {"wrong JSON", acting(FaultAction::wrongJson)},
      {"stopped", disturbing("stopped")},
      {"archived", disturbing("archived")},
      {"gone", disturbing("gone")},
  };
}

/// A request that may have had its effect although nobody can tell: what is said then.
bool leavesDoubt(const std::string& trouble) {
  static const std::set<std::string> doubtful = {
      "reset", "reply lost", "body cut", "500", "502, empty", "503", "wrong JSON"};
  return doubtful.contains(trouble);
}

bool isDoubt(const Error& error) {
  return error.code == Errc::outcomeUnknown || error.code == Errc::unavailable ||
         error.code == Errc::corrupted;
}

/// One cell: the operation under one trouble, at a sandbox of its own.
using Cell = std::function<void(DaytonaCloud&, Sandbox&, const std::string& trouble)>;

void underEachTrouble(const Cell& cell) {
  DaytonaCloud cloud;
  for (const auto& trouble : troubles()) {
    INFO("trouble: " << trouble.name);
    auto sandbox = cloud.create();
    REQUIRE(ok(cloud.faults().add(trouble.fault)));
    cell(cloud, sandbox, trouble.name);
    cloud.faults().clear();
    REQUIRE(ok(sandbox.destroy().get()));
    REQUIRE(ok(cloud.service().recover().get()));
    CHECK(cloud.ledger().livingSandboxes() == std::vector<std::string>());
  }
}

Command shell(std::string script) {
  Command command;
  command.program = "sh";
  command.args = {"-c", std::move(script)};
  command.timeouts.total = std::chrono::seconds(60);
  return command;
}

}  // namespace

TEST_CASE("daytona/faults: create makes exactly one, whatever happens to its reply", "[emulated][daytona]") {
  DaytonaCloud cloud;
  for (const auto& trouble : troubles()) {
    INFO("trouble: " << trouble.name);
    REQUIRE(ok(cloud.faults().add(trouble.fault)));
    auto created = cloud.service().create(cloud.config()).get();
    cloud.faults().clear();
    REQUIRE(ok(created));
    CHECK(cloud.ledger().livingSandboxes().size() == 1);
    const auto result = created->run(shell("echo ran")).get();
    REQUIRE(ok(result));
    CHECK(result->out.text == "ran\n");
    REQUIRE(ok(created->destroy().get()));
    CHECK(cloud.ledger().livingSandboxes().empty());
  }
}

TEST_CASE("daytona/faults: attach finds, wakes or replaces, and blames nobody for a blip",
          "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud&, Sandbox& sandbox, const std::string& trouble) {
    const auto outcome = sandbox.connect().get();
    REQUIRE(ok(outcome));
    if (trouble == "wrong JSON") {
      // What cannot be read is no blip that would go away: it is said, and the record stays as it was.
      REQUIRE(outcome->reason);
      CHECK(toString(outcome->reason->code) == "corrupted");
      CHECK(toString(outcome->record.status) == "active");
      return;
    }
    std::string expected = "attached";
    if (trouble == "gone") expected = "recreated";
    if (trouble == "stopped" || trouble == "archived") expected = "resumed";
    CHECK(toString(outcome->kind) == expected);
    if (trouble == "wrong JSON") CHECK(toString(outcome->reason->code) == "corrupted");
  });
}

TEST_CASE("daytona/faults: a command runs at most once, or it is said", "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string& trouble) {
    const auto result = sandbox.run(shell("echo ran >>effects; echo done")).get();
    cloud.faults().clear();
    const auto effects = sandbox.run(shell("cat effects 2>/dev/null; true")).get();
    REQUIRE(ok(effects));
    if (result) {
      CHECK(result->out.text == "done\n");
      CHECK(effects->out.text == "ran\n");
    } else {
      INFO(describe(result.error()));
      CHECK(leavesDoubt(trouble));
      CHECK(isDoubt(result.error()));
      CHECK((effects->out.text.empty() || effects->out.text == "ran\n"));
      // Only what is said to be unknown may have happened.
      if (!effects->out.text.empty()) CHECK(toString(result.error().code) != "unavailable");
    }
  });
}

TEST_CASE("daytona/faults: a file is written whole, or not, or it is said", "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string& trouble) {
    const std::string bytes(100'000, 'x');
    const auto written = sandbox.files().write("file", bytes).get();
    cloud.faults().clear();
    const auto read = sandbox.files().read("file").get();
    if (written) {
      REQUIRE(ok(read));
      CHECK(*read == bytes);
    } else {
      INFO(describe(written.error()));
      CHECK(leavesDoubt(trouble));
      CHECK(isDoubt(written.error()));
      if (read) {
        CHECK(*read == bytes);
      } else {
        CHECK(test::failsWith(read, Errc::notFound));
      }
    }
  });
}

TEST_CASE("daytona/faults: a file is read whole, or it is said", "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string& trouble) {
    if (trouble == "wrong JSON") return;  // A download is no JSON: nothing tells other bytes from the file's.
    const std::string bytes(100'000, 'x');
    auto struck = troubles();
    cloud.faults().clear();
    REQUIRE(ok(sandbox.files().write("file", bytes).get()));
    const auto again = std::ranges::find(struck, trouble, &Trouble::name);
    REQUIRE(ok(cloud.faults().add(again->fault)));
    const auto read = sandbox.files().read("file").get();
    if (trouble == "gone") {
      CHECK(test::failsWith(read, Errc::notFound));  // Another stands in its place, without the file.
    } else if (read) {
      CHECK(*read == bytes);
    } else {
      INFO(describe(read.error()));
      CHECK(trouble == "body cut");
      CHECK(isDoubt(read.error()));
    }
  });
}

TEST_CASE("daytona/faults: stop ends, and what it could not confirm is made up for", "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string&) {
    const auto stopped = sandbox.stop().get();
    REQUIRE(ok(stopped));
    CHECK(toString(stopped->status) == "shutdown");
    cloud.faults().clear();
    const auto recovered = cloud.service().recover().get();
    REQUIRE(ok(recovered));
    CHECK(recovered->failures.empty());
  });
}

TEST_CASE("daytona/faults: destroy leaves nothing, and what it could not confirm is made up for",
          "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string&) {
    const auto destroyed = sandbox.destroy().get();
    REQUIRE(ok(destroyed));
    cloud.faults().clear();
    const auto recovered = cloud.service().recover().get();
    REQUIRE(ok(recovered));
    CHECK(recovered->failures.empty());
    CHECK(cloud.ledger().livingSandboxes().empty());
  });
}

TEST_CASE("daytona/faults: a listing is whole, or recover() does without", "[emulated][daytona]") {
  underEachTrouble([](DaytonaCloud& cloud, Sandbox& sandbox, const std::string& trouble) {
    const auto plan = cloud.service().plan().get();
    REQUIRE(ok(plan));
    if (trouble != "gone") CHECK(plan->empty());
    const auto record = sandbox.record().get();
    REQUIRE(ok(record));
    CHECK(toString(record->status) == "active");
  });
}

TEST_CASE("daytona/faults: a bad key is a bad key, and harms nothing", "[emulated][daytona]") {
  DaytonaCloud cloud;
  auto sandbox = cloud.create();
  REQUIRE(ok(sandbox.files().write("file", "x").get()));
  auto service = cloud.open("dtn_matrix-bad");
  auto same = service.sandbox(sandbox.id());

  CHECK(test::failsWith(service.create(cloud.config()).get(), Errc::unauthenticated, "DAYTONA_API_KEY"));
  CHECK(test::failsWith(same.run("true", {}).get(), Errc::unauthenticated));
  CHECK(test::failsWith(same.files().read("file").get(), Errc::unauthenticated));
  CHECK(test::failsWith(same.files().write("file", "y").get(), Errc::unauthenticated));
  const auto outcome = same.connect().get();
  REQUIRE(ok(outcome));
  CHECK(toString(outcome->kind) == "unreachable");
  REQUIRE(outcome->reason);
  CHECK(toString(outcome->reason->code) == "unauthenticated");
  CHECK(describe(*outcome->reason).find("dtn_matrix") == std::string::npos);

  // All is as it was.
  const auto record = sandbox.record().get();
  REQUIRE(ok(record));
  CHECK(toString(record->status) == "active");
  CHECK(sandbox.files().read("file").get() == "x");

  // Stopping and destroying end on record all the same; what they owe is paid with a good key.
  REQUIRE(ok(same.destroy().get()));
  CHECK(cloud.ledger().livingSandboxes().size() == 1);
  const auto recovered = cloud.service().recover().get();
  REQUIRE(ok(recovered));
  CHECK(recovered->failures.empty());
  CHECK(cloud.ledger().livingSandboxes().empty());
}
