#include "subject.hpp"

using namespace mooring;

namespace {

RecordChange changeOf(const SandboxRecord& record) {
  RecordChange change;
  change.record = record;
  return change;
}

/// `record` with the next lease, held by `owner`.
RecordChange leaseFor(const SandboxRecord& record, const std::string& owner) {
  auto change = changeOf(record);
  change.record.leaseOwner = owner;
  ++change.record.leaseToken;
  change.record.leaseExpiresAt = test::at(60);
  return change;
}

}  // namespace

TEST_CASE("store/update: of two who read the same version one wins, and the other is told", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  auto mine = *subject.first->get(test::sandboxId(1));
  auto theirs = *subject.second->get(test::sandboxId(1));

  mine.status = SandboxStatus::active;
  mine.sandboxUrl = "mine";
  const auto won = subject.first->update(changeOf(mine), 0);
  REQUIRE(test::ok(won));
  CHECK(won->version == 2);

  auto late = changeOf(theirs);
  late.record.sandboxUrl = "theirs";
  late.events = {test::plainEvent(1, EventReason::warning)};
  late.incurred = {test::plainDebt(1)};
  const auto lost = subject.second->update(late, 0);
  CHECK(test::failsWith(lost, Errc::conflict, "changed by somebody else (version 2, expected 1)"));

  mine.version = 2;
  CHECK(test::text(*subject.second->get(test::sandboxId(1))) == test::text(mine));
  CHECK(subject.first->events(test::sandboxId(1), 0, 10)->size() == 1);
  CHECK(subject.first->debts()->empty());
}

TEST_CASE("store/update: every member changes", "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  auto record = test::fullRecord(1);
  record.version = 1;
  record.leaseToken = 1;
  record.provisionKey = "mooring-1-g7";
  const auto changed = subject.first->update(changeOf(record), 0);
  REQUIRE(test::ok(changed));
  record.version = 2;
  CHECK(test::text(*changed) == test::text(record));
  CHECK(test::text(*subject.second->get(record.sandboxId)) == test::text(record));

  auto plain = test::plainRecord(1);
  plain.version = 2;
  plain.leaseToken = 1;
  plain.status = SandboxStatus::recreating;
  plain.lastUsedAt = record.lastUsedAt;
  REQUIRE(test::ok(subject.second->update(changeOf(plain), 1)));
  plain.version = 3;
  CHECK(test::text(*subject.first->get(record.sandboxId)) == test::text(plain));
}

TEST_CASE("store/update: who lost the lease is refused and told who has it", "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto fresh = subject.add(test::plainRecord(1));
  const auto ours = subject.first->update(leaseFor(fresh, "us"), fresh.leaseToken);
  REQUIRE(test::ok(ours));
  const auto theirs = subject.second->update(leaseFor(*ours, "them"), ours->leaseToken);
  REQUIRE(test::ok(theirs));
  CHECK(theirs->leaseToken == 2);

  auto late = changeOf(*ours);
  late.record.status = SandboxStatus::active;
  late.events = {test::plainEvent(1, EventReason::provisioned)};
  CHECK(test::failsWith(subject.first->update(late, ours->leaseToken), Errc::conflict, "taken over by them"));
  // Not even with the right version.
  late.record.version = theirs->version;
  CHECK(test::failsWith(subject.first->update(late, ours->leaseToken), Errc::conflict, "taken over by them"));
  CHECK(test::text(*subject.first->get(fresh.sandboxId)) == test::text(*theirs));
  CHECK(subject.first->events(fresh.sandboxId, 0, 10)->size() == 1);
}

TEST_CASE("store/renewLease: only for its holder, without a new version", "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto fresh = subject.add(test::plainRecord(1));
  CHECK(test::failsWith(
      subject.first->renewLease(fresh.sandboxId, 0, test::at(90)), Errc::conflict, "released"));
  const auto ours = *subject.first->update(leaseFor(fresh, "us"), 0);

  REQUIRE(test::ok(subject.first->renewLease(fresh.sandboxId, 1, test::at(90))));
  auto read = *subject.second->get(fresh.sandboxId);
  CHECK(read.leaseExpiresAt == test::at(90));
  CHECK(read.version == ours.version);

  const auto theirs = *subject.second->update(leaseFor(read, "them"), 1);
  CHECK(test::failsWith(
      subject.first->renewLease(fresh.sandboxId, 1, test::at(999)), Errc::conflict, "taken over by them"));
  CHECK(subject.first->get(fresh.sandboxId)->leaseExpiresAt == theirs.leaseExpiresAt);

  auto release = changeOf(theirs);
  release.record.leaseOwner.clear();
  release.record.leaseExpiresAt.reset();
  REQUIRE(test::ok(subject.second->update(release, 2)));
  CHECK(test::failsWith(
      subject.second->renewLease(fresh.sandboxId, 2, test::at(999)), Errc::conflict, "released"));
  CHECK_FALSE(subject.first->get(fresh.sandboxId)->leaseExpiresAt.has_value());
  CHECK(test::failsWith(
      subject.first->renewLease(SandboxId("nobody"), 0, test::at(1)), Errc::notFound, "nobody"));
}

TEST_CASE("store/update: a status goes only where the life of a record allows", "[stores]") {
  MOORING_EACH_STORE(subject);
  int n = 0;
  for (const auto& [from, fromText] : detail::EnumText<SandboxStatus>::entries) {
    for (const auto& [to, toText] : detail::EnumText<SandboxStatus>::entries) {
      INFO(fromText << " to " << toText);
      auto record = test::plainRecord(++n);
      record.status = from;
      auto change = changeOf(subject.add(record));
      change.record.status = to;
      change.events = {test::plainEvent(n, EventReason::warning)};
      const auto result = subject.second->update(change, 0);
      if (transitionAllowed(from, to)) {
        CHECK(test::ok(result));
      } else {
        CHECK(test::failsWith(result, Errc::internal, std::string(fromText) + " to " + std::string(toText)));
      }
      const auto read = *subject.first->get(record.sandboxId);
      CHECK(read.status == (result ? to : from));
      CHECK(subject.first->events(record.sandboxId, 0, 10)->size() == (result ? 2U : 1U));
    }
  }
}

TEST_CASE("store/update: a lease token grows by one or stays", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = test::plainRecord(1);
  record.leaseToken = 5;
  record = subject.add(record);
  for (const std::int64_t token : {4, 7, 0}) {
    auto change = changeOf(record);
    change.record.leaseToken = token;
    CHECK(test::failsWith(subject.first->update(change, 5), Errc::internal, "lease token"));
  }
  CHECK(subject.second->get(record.sandboxId)->leaseToken == 5);
}

TEST_CASE("store/update: a provision key of another sandbox is refused", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto change = changeOf(subject.add(test::plainRecord(1)));
  subject.add(test::plainRecord(2));
  change.record.provisionKey = test::plainRecord(2).provisionKey;
  CHECK(test::failsWith(subject.second->update(change, 0), Errc::conflict, change.record.provisionKey));
  CHECK((*subject.first->findByKey(change.record.provisionKey))->sandboxId == test::sandboxId(2));
}

TEST_CASE("store/update: an unknown sandbox is notFound", "[stores]") {
  MOORING_EACH_STORE(subject);
  CHECK(test::failsWith(subject.first->update(changeOf(test::plainRecord(9)), 0), Errc::notFound));
  CHECK(test::failsWith(subject.first->touch(SandboxId("nobody"), test::at(1)), Errc::notFound, "nobody"));
}

TEST_CASE("store/touch: the time of use only grows, and no version does", "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto record = subject.add(test::plainRecord(1));
  REQUIRE(test::ok(subject.first->touch(record.sandboxId, test::at(50))));
  REQUIRE(test::ok(subject.second->touch(record.sandboxId, test::at(40))));
  auto read = *subject.first->get(record.sandboxId);
  CHECK(read.lastUsedAt == test::at(50));
  CHECK(read.version == record.version);

  // A change by somebody who read the record before does not turn it back either.
  const auto changed = subject.second->update(changeOf(record), 0);
  REQUIRE(test::ok(changed));
  CHECK(changed->lastUsedAt == test::at(50));
  CHECK(subject.first->get(record.sandboxId)->lastUsedAt == test::at(50));
}

TEST_CASE("store/commits: each write is one, and what changes nothing is none", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto& store = *subject.first;
  auto added = [&, before = store.commits()]() mutable {
    const auto count = store.commits() - before;
    before = store.commits();
    return count;
  };
  auto record = subject.add(test::plainRecord(1));
  CHECK(added() == 1);
  auto change = changeOf(record);
  change.record.status = SandboxStatus::active;
  change.events = {test::plainEvent(1, EventReason::provisioned),
                   test::plainEvent(1, EventReason::debtIncurred)};
  change.incurred = {test::plainDebt(1), test::plainDebt(1)};
  REQUIRE(test::ok(store.update(change, 0)));
  CHECK(added() == 1);
  CHECK(test::failsWith(store.update(change, 0), Errc::conflict));
  CHECK(test::failsWith(store.insert(change), Errc::conflict));
  CHECK(added() == 0);

  REQUIRE(test::ok(store.touch(record.sandboxId, test::at(99))));
  CHECK(added() == 1);
  REQUIRE(test::ok(store.touch(record.sandboxId, test::at(99))));
  REQUIRE(test::ok(store.touch(record.sandboxId, test::at(98))));
  CHECK(added() == 0);

  const auto debt = store.debts()->front();
  REQUIRE(test::ok(store.debtPaid(debt.seq, test::plainEvent(1, EventReason::debtPaid))));
  CHECK(added() == 1);
  REQUIRE(test::ok(store.debtPaid(debt.seq, test::plainEvent(1, EventReason::debtPaid))));
  REQUIRE(test::ok(store.list({}, {})));
  REQUIRE(test::ok(store.get(record.sandboxId)));
  REQUIRE(test::ok(store.deploymentId()));
  CHECK(added() == 0);
  CHECK(subject.second->commits() == 0);
}
