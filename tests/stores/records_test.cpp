#include "subject.hpp"

#include <boost/json/array.hpp>

#include <limits>

using namespace mooring;

TEST_CASE("store/insert: a record comes back through another handle exactly as it was", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = GENERATE(test::plainRecord(1), test::fullRecord(1));

  const auto stored = subject.add(record);
  record.version = 1;
  CHECK(test::text(stored) == test::text(record));

  const auto read = subject.second->get(record.sandboxId);
  REQUIRE(test::ok(read));
  CHECK(test::text(*read) == test::text(record));
  CHECK(configHash(read->config) == record.configHash);
  CHECK(read->error.has_value() == record.error.has_value());
  CHECK(read->leaseExpiresAt == record.leaseExpiresAt);
  CHECK(read->shutdownAt == record.shutdownAt);
}

TEST_CASE("store/insert: a megabyte of parameters and text of every kind come back", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = test::plainRecord(1);
  record.config.params["large"] = std::string(std::size_t{1} << 20, 'x');
  record.config.params["text"] = "\"' \\ \t\n\u0001 ; -- \xF0\x9F\x9A\xA2";
  record.config.params["with \"quotes\""] = "\u20ac";
  record.config.params[std::string("nul\0key", 7)] = std::string("nul\0value", 9);
  record.config.purpose = "a\tb'\"\xF0\x9F\x9A\xA2";
  record.externalSandboxId = ExternalSandboxId("\"; DROP TABLE sandboxes; --");
  subject.add(record);

  const auto read = subject.second->get(record.sandboxId);
  REQUIRE(test::ok(read));
  CHECK(read->config.params == record.config.params);
  CHECK(read->config.purpose == record.config.purpose);
  CHECK(read->externalSandboxId == record.externalSandboxId);
}

TEST_CASE("store/insert: numbers in parameters stay exactly what they were", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = test::plainRecord(1);
  boost::json::array numbers;
  double value = 0.1;
  for (int i = 0; i < 300; ++i) {
    numbers.push_back(value);
    numbers.push_back(-1.0 / value);
    value *= (i % 2 == 0) ? 7.3 : 0.0123;
  }
  record.config.params["numbers"] = numbers;
  subject.add(record);
  const auto read = subject.second->get(record.sandboxId);
  REQUIRE(test::ok(read));
  CHECK(read->config.params.at("numbers") == boost::json::value(numbers));
}

TEST_CASE("store/insert: an id or a provision key is taken once, and a refused insert leaves nothing",
          "[stores]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));

  RecordChange again;
  again.record = test::plainRecord(1);
  again.record.provisionKey = "another";
  again.events = {test::plainEvent(1, EventReason::warning)};
  CHECK(test::failsWith(subject.second->insert(again), Errc::conflict, again.record.sandboxId.value));

  RecordChange sameKey;
  sameKey.record = test::plainRecord(2);
  sameKey.record.provisionKey = test::plainRecord(1).provisionKey;
  sameKey.events = {test::plainEvent(2, EventReason::warning)};
  sameKey.incurred = {test::plainDebt(2)};
  CHECK(test::failsWith(subject.second->insert(sameKey), Errc::conflict, sameKey.record.provisionKey));

  CHECK(test::failsWith(subject.first->get(test::sandboxId(2)), Errc::notFound));
  CHECK(subject.first->events(test::sandboxId(1), 0, 100)->size() == 1);
  CHECK(subject.first->events(test::sandboxId(2), 0, 100)->empty());
  CHECK(subject.first->debts()->empty());
  CHECK(subject.first->count({}) == 1);
}

TEST_CASE("store/insert: what could not be read again is refused before it is stored", "[stores]") {
  MOORING_EACH_STORE(subject);
  RecordChange change;
  change.record = test::plainRecord(1);
  auto& params = change.record.config.params;
  std::string place = "config.params.bad";
  SECTION("text that is not UTF-8") { params["bad"] = "\xff"; }
  SECTION("no number") { params["bad"] = std::numeric_limits<double>::quiet_NaN(); }
  SECTION("no end") { params["bad"] = -std::numeric_limits<double>::infinity(); }
  SECTION("in the connection") {
    change.record.connection["deep"] = boost::json::array{1, "\xc3\x28"};
    place = "connection.deep[1]";
  }
  SECTION("too deep") {
    boost::json::value deep = 1;
    for (int i = 0; i < 100; ++i)
      deep = boost::json::array{deep};
    params["bad"] = deep;
  }
  SECTION("a config that its own parser refuses") {
    change.record.config.ports = {-1};
    place = "ports[0]";
  }
  CHECK(test::failsWith(subject.first->insert(change), Errc::invalidArgument, place));
  CHECK(subject.second->count({}) == 0);
}

TEST_CASE("store/get: an unknown id is notFound and named", "[stores]") {
  MOORING_EACH_STORE(subject);
  CHECK(test::failsWith(subject.first->get(SandboxId("nobody")), Errc::notFound, "nobody"));
}

TEST_CASE("store/findByKey: the key and the external id of now, and no older ones", "[stores]") {
  MOORING_EACH_STORE(subject);
  auto record = test::plainRecord(1);
  record.externalSandboxId = ExternalSandboxId("old-external");
  record.status = SandboxStatus::active;
  record = subject.add(record);

  const auto findId = [&](const std::string& key) {
    const auto found = subject.second->findByKey(key);
    REQUIRE(test::ok(found));
    return *found ? (*found)->sandboxId.value : "nothing";
  };
  CHECK(findId(record.provisionKey) == record.sandboxId.value);
  CHECK(findId("old-external") == record.sandboxId.value);
  CHECK(findId("unknown") == "nothing");

  RecordChange change;
  change.record = record;
  change.record.status = SandboxStatus::recreating;
  change.record.provisionKey = "mooring-1-g2";
  change.record.externalSandboxId = ExternalSandboxId();
  change.record.leaseToken = 1;
  REQUIRE(test::ok(subject.first->update(change, 0)));
  CHECK(findId(record.provisionKey) == "nothing");
  CHECK(findId("old-external") == "nothing");
  CHECK(findId("mooring-1-g2") == record.sandboxId.value);
  CHECK(findId("") == "nothing");
}

TEST_CASE("store/findByKey: an external id that two records have is not decided by chance", "[stores]") {
  MOORING_EACH_STORE(subject);
  for (const int n : {1, 2}) {
    auto record = test::plainRecord(n);
    record.externalSandboxId = ExternalSandboxId("same");
    subject.add(record);
  }
  CHECK(test::failsWith(subject.first->findByKey("same"), Errc::conflict, "same"));
}

TEST_CASE("store/deploymentId: the same for all who open a database, and for nobody else", "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto id = subject.first->deploymentId();
  REQUIRE(test::ok(id));
  CHECK(id->size() == 12);
  CHECK(id->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
  CHECK(subject.second->deploymentId() == *id);
  CHECK(subject.open()->deploymentId() == *id);
  CHECK(test::makeSubject(subject.kind).first->deploymentId() != *id);
}
