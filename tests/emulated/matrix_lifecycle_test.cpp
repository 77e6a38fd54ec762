// A sandbox's life, under each trouble.
#include "fault_matrix.hpp"

using namespace mooring;
using namespace mooring::test;

namespace {

Result<void> connectFault(const Cell& cell, const Result<ConnectionOutcome>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->kind == OutcomeKind::unreachable) {
    REQUIRE(outcome->reason);
    return std::unexpected(*outcome->reason);
  }
  const auto kind = toString(outcome->kind);
  if (cell.trouble.harm == Harm::asleep) {
    CHECK(kind == "resumed");
  } else {
    CHECK(kind == (cell.lost() ? "recreated" : "attached"));
  }
  return {};
}

/// Nothing is owed any more.
void recoverAll(Cell& cell) {
  const auto recovered = cell.cloud.service().recover().get();
  REQUIRE(ok(recovered));
  CHECK(recovered->failures.empty());
}

}  // namespace

TEST_CASE("faults: create makes exactly one, whatever happens to its reply", "[emulated]") {
  const auto world = faultWorld();
  const auto cloud = world.cloud();
  REQUIRE(ok(cloud->create().destroy().get()));
  for (const auto& trouble : world.troubles) {
    for (int request = 0; request < 3; ++request) {
      INFO("trouble: " << trouble.name << ", at request " << request + 1);
      auto fault = trouble.fault;
      fault.skip = request;
      REQUIRE(ok(cloud->faults().add(fault)));
      auto created = cloud->service().create(cloud->config()).get();
      cloud->faults().clear();
      if (!created && trouble.harm == Harm::lost) {
        // Somebody removed it while it was being made.
        CHECK(isTransient(created.error()));
        REQUIRE(ok(cloud->service().recover().get()));
        CHECK(cloud->ledger().livingSandboxes().empty());
        continue;
      }
      REQUIRE(ok(created));
      CHECK(cloud->ledger().livingSandboxes().size() == 1);
      const auto result = created->run(shell("echo ran")).get();
      REQUIRE(ok(result));
      CHECK(result->out.text == "ran\n");
      REQUIRE(ok(created->destroy().get()));
      CHECK(cloud->ledger().livingSandboxes().empty());
    }
  }
}

TEST_CASE("faults: connect finds, wakes or replaces, and blames nobody for a blip", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.act = [](Cell& cell) { return connectFault(cell, cell.sandbox.connect().get()); };
  deed.effects = [](Cell&) { return 1; };
  underEachTrouble(deed);
}

TEST_CASE("faults: stop ends, and what it could not confirm is made up for", "[emulated]") {
  Deed deed;
  deed.ends = true;
  deed.act = [](Cell& cell) -> Result<void> {
    const auto stopped = cell.sandbox.stop().get();
    REQUIRE(ok(stopped));
    CHECK(toString(stopped->status) == "shutdown");
    return {};
  };
  deed.effects = [](Cell& cell) {
    recoverAll(cell);
    const auto again = cell.cloud.service().plan().get();
    REQUIRE(ok(again));
    CHECK(again->empty());
    return 1;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: destroy leaves nothing, and what it could not confirm is made up for", "[emulated]") {
  Deed deed;
  deed.ends = true;
  deed.act = [](Cell& cell) -> Result<void> {
    const auto destroyed = cell.sandbox.destroy().get();
    REQUIRE(ok(destroyed));
    CHECK(toString(destroyed->status) == "shutdown");
    return {};
  };
  deed.effects = [](Cell& cell) {
    recoverAll(cell);
    return cell.cloud.ledger().livingSandboxes().empty() ? 1 : 0;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: resume brings the files back, or says why not", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.ends = true;
  deed.prepare = [](Cell& cell) {
    REQUIRE(ok(cell.sandbox.files().write(cell.name, "kept").get()));
    REQUIRE(ok(cell.sandbox.stop().get()));
  };
  deed.act = [](Cell& cell) -> Result<void> {
    const auto outcome = cell.sandbox.resume().get();
    if (!outcome) return std::unexpected(outcome.error());
    // What has ended already cannot fail any more.
    if (cell.lost() && outcome->kind == OutcomeKind::gone) return {};
    if (outcome->kind == OutcomeKind::unreachable) return std::unexpected(outcome->reason.value());
    CHECK(toString(outcome->kind) == "resumed");
    return {};
  };
  deed.effects = [](Cell& cell) {
    const auto record = cell.sandbox.record().get();
    REQUIRE(ok(record));
    if (record->status == SandboxStatus::shutdown) return cell.lost() ? 1 : 0;
    return cell.content(cell.name) == "kept" ? 1 : neitherNor;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a longer life is given, whatever happens to the first attempt", "[emulated]") {
  const auto cloud = faultWorld().cloud();
  if (!offers(*cloud, Capability::extend)) return;
  Deed deed;
  deed.safe = true;
  deed.act = [](Cell& cell) { return cell.sandbox.extend(std::chrono::minutes(20)).get(); };
  deed.effects = [](Cell&) { return 1; };
  underEachTrouble(deed);
}

TEST_CASE("faults: a listing is whole, or recover() does without", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.act = [](Cell& cell) -> Result<void> {
    const auto plan = cell.cloud.service().plan().get();
    if (!plan) return std::unexpected(plan.error());
    if (!cell.lost()) CHECK(plan->empty());
    return {};
  };
  deed.effects = [](Cell&) { return 1; };
  underEachTrouble(deed);
}

TEST_CASE("faults: an outage is no death, and nothing of it stays", "[emulated]") {
  const auto world = faultWorld();
  const auto cloud = world.cloud();
  auto sandbox = cloud->create();
  REQUIRE(ok(sandbox.files().write("file", "kept").get()));
  const auto before = sandbox.record().get().value();

  // The limits in a cloud's own words, which may say how long they last.
  auto limited = answering(429);
  for (const auto& trouble : world.troubles) {
    if (trouble.fault.status == 429) limited = trouble.fault;
  }
  const int kind = GENERATE(0, 1, 2);
  auto down = kind == 0 ? answering(503) : kind == 1 ? limited : acting(emulation::FaultAction::reset);
  down.count = 0;
  REQUIRE(ok(cloud->faults().add(down)));
  const auto connected = sandbox.connect().get();
  REQUIRE(ok(connected));
  CHECK(toString(connected->kind) == "unreachable");
  REQUIRE(connected->reason);
  CHECK(isTransient(*connected->reason));
  const auto check = [](const auto& result) {
    REQUIRE_FALSE(result);
    CHECK(isTransient(result.error()));
  };
  check(sandbox.run(shell("echo ran >>effects")).get());
  check(sandbox.files().read("file").get());
  check(sandbox.files().write("file", "other").get());
  check(sandbox.files().list(".").get());
  const auto created = cloud->service().create(cloud->config()).get();
  check(created);
  cloud->faults().clear();

  const auto record = sandbox.record().get();
  REQUIRE(ok(record));
  CHECK(toString(record->status) == "active");
  CHECK(record->version == before.version);
  CHECK(sandbox.files().read("file").get() == "kept");
  CHECK(failsWith(sandbox.files().read("effects").get(), Errc::notFound));
  REQUIRE(ok(cloud->service().recover().get()));
  CHECK(cloud->ledger().livingSandboxes().size() == 1);
}

TEST_CASE("faults: a bad key is a bad key, and harms nothing", "[emulated]") {
  const auto cloud = faultWorld().cloud();
  auto sandbox = cloud->create();
  REQUIRE(ok(sandbox.files().write("file", "x").get()));
  const std::string bad = "matrix-bad";
  auto service = cloud->open(bad);
  auto same = service.sandbox(sandbox.id());

  CHECK(failsWith(service.create(cloud->config()).get(), Errc::unauthenticated, cloud->keyVariable()));
  CHECK(failsWith(same.run("true", {}).get(), Errc::unauthenticated));
  CHECK(failsWith(same.files().read("file").get(), Errc::unauthenticated));
  CHECK(failsWith(same.files().write("file", "y").get(), Errc::unauthenticated));
  const auto outcome = same.connect().get();
  REQUIRE(ok(outcome));
  CHECK(toString(outcome->kind) == "unreachable");
  REQUIRE(outcome->reason);
  CHECK(toString(outcome->reason->code) == "unauthenticated");
  CHECK(describe(*outcome->reason).find(bad) == std::string::npos);

  // All is as it was.
  const auto record = sandbox.record().get();
  REQUIRE(ok(record));
  CHECK(toString(record->status) == "active");
  CHECK(sandbox.files().read("file").get() == "x");

  // Stopping and destroying end on record all the same; what they owe is paid with a good key.
  REQUIRE(ok(same.destroy().get()));
  CHECK(cloud->ledger().livingSandboxes().size() == 1);
  const auto recovered = cloud->service().recover().get();
  REQUIRE(ok(recovered));
  CHECK(recovered->failures.empty());
  CHECK(cloud->ledger().livingSandboxes().empty());
}
