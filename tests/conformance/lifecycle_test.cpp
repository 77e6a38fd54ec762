#include "support/tasks.hpp"
#include "support/temp_dir.hpp"
#include "trial.hpp"

#include <algorithm>

namespace mooring::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

std::string statusOf(Trial& trial, const Sandbox& sandbox) {
  return std::string(toString(trial.record(sandbox).status));
}

TEST_CASE("create: a new sandbox is active, on record, and runs commands", "[conformance][lifecycle]") {
  Trial trial;
  auto config = trial.config();
  config.purpose = "conformance";
  config.params["answer"] = 42;
  auto sandbox = trial.create(config);
  CHECK(trial.sh(sandbox, "echo hello") == "hello\n");

  const auto record = trial.record(sandbox);
  CHECK(toString(record.status) == "active");
  CHECK(record.provider == trial.fixture().provider());
  CHECK(record.generation == 1);
  CHECK_FALSE(record.externalSandboxId.empty());
  CHECK_FALSE(record.provisionKey.empty());
  CHECK(record.provisionKey.size() <= 53);
  CHECK(record.provisionKey.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
  CHECK(record.config.purpose == "conformance");
  CHECK(record.config.params.at("answer") == 42);
  CHECK(record.leaseOwner.empty());

  const auto events = trial.events(sandbox);
  REQUIRE(events.size() == 2);
  CHECK(toString(events[0].reason) == "created");
  CHECK(toString(events[1].reason) == "provisioned");
}

TEST_CASE("create: two sandboxes do not see each other's files", "[conformance][lifecycle]") {
  Trial trial;
  auto one = trial.create(trial.config());
  auto two = trial.create(trial.config());
  trial.sh(one, "echo secret >mine");
  CHECK(trial.sh(two, "test -e mine || echo absent") == "absent\n");
}

TEST_CASE("create: costs two commits, a warm run none, a stop one", "[conformance][lifecycle][budget]") {
  Trial trial;
  // Whatever the first use of a service writes is not counted.
  REQUIRE(ok(trial.sandbox().run("true", {}).get()));
  auto before = trial.commits();
  auto sandbox = trial.create(trial.config());
  CHECK(trial.commits() - before == 2);

  before = trial.commits();
  for (int i = 0; i < 3; ++i)
    trial.sh(sandbox, "true");
  REQUIRE(ok(sandbox.files().write("file", "bytes").get()));
  REQUIRE(ok(sandbox.files().read("file").get()));
  CHECK(trial.commits() == before);

  before = trial.commits();
  REQUIRE(ok(sandbox.stop().get()));
  CHECK(trial.commits() - before == 1);
}

TEST_CASE("create: setup runs in order, and again on every generation", "[conformance][lifecycle][setup]") {
  Trial trial;
  test::TempDir local;
  test::writeFile(local / "tree/sub/file", "from a tree");
  auto config = trial.config();
  config.env = {{"GREETING", "hello"}};
  config.setup.emplace_back(
      SetupUpload{.path = "tool", .content = "#!/bin/sh\necho \"tool says $1\"\n", .mode = 0755});
  config.setup.emplace_back(SetupUpload{.path = "copied", .source = local / "tree"});
  config.setup.emplace_back(SetupCommand{.program = "mkdir", .args = {"-p", "made"}});
  config.setup.emplace_back(SetupCommand{.program = "sh",
                                         .args = {"-c", "../tool \"$GREETING $OWN\" >result"},
                                         .cwd = "made",
                                         .env = {{"OWN", "world"}}});
  auto sandbox = trial.create(config);
  const std::string expected = "tool says hello world\nfrom a tree";
  CHECK(trial.sh(sandbox, "cat made/result copied/sub/file") == expected);

  auto again = sandbox.recreate().get();
  REQUIRE(ok(again));
  CHECK(again->generation == 2);
  CHECK(trial.sh(sandbox, "cat made/result copied/sub/file") == expected);
}

TEST_CASE("create: a setup that fails leaves an error on record and nothing else",
          "[conformance][lifecycle][setup]") {
  Trial trial;
  auto config = trial.config();
  config.setup.emplace_back(SetupCommand{.program = "true"});
  std::string named;
  SECTION("by its exit code") {
    config.setup.emplace_back(SetupCommand{.program = "sh", .args = {"-c", "echo the reason >&2; exit 3"}});
    named = "the reason";
  }
  SECTION("because its program is missing") {
    config.setup.emplace_back(SetupCommand{.program = "no-such-program"});
    named = "no-such-program";
  }
  SECTION("because it takes too long") {
    config.setup.emplace_back(
        SetupCommand{.program = "sleep", .args = {"100000"}, .timeout = milliseconds(300)});
    named = "sleep";
  }
  CHECK(failsWith(trial.service().create(config).get(), Errc::setupFailed, named));

  const auto page = trial.service().list().get();
  REQUIRE(ok(page));
  REQUIRE(page->records.size() == 1);
  const auto& record = page->records.front();
  CHECK(toString(record.status) == "error");
  REQUIRE(record.error);
  CHECK(toString(record.error->code) == "setupFailed");
  CHECK(record.error->message.find(named) != std::string::npos);
  CHECK(trial.fixture().leftovers().empty());
}

TEST_CASE("connect: says how the sandbox was found", "[conformance][lifecycle]") {
  Trial trial;
  auto connected = trial.sandbox().connect().get();
  REQUIRE(ok(connected));
  CHECK(toString(connected->kind) == "attached");

  if (trial.offers(Capability::resume)) {
    trial.fixture().putToSleep(trial.sandbox().id());
    connected = trial.sandbox().connect().get();
    REQUIRE(ok(connected));
    CHECK(toString(connected->kind) == "resumed");
  }
  trial.fixture().vanish(trial.sandbox().id());
  connected = trial.sandbox().connect().get();
  REQUIRE(ok(connected));
  CHECK(toString(connected->kind) == "recreated");
  CHECK(connected->record.generation == 2);
}

TEST_CASE("connect: with recreate `never` a vanished sandbox stays gone", "[conformance][lifecycle]") {
  Trial trial;
  auto config = trial.config();
  config.recreate = RecreatePolicy::never;
  auto sandbox = trial.create(config);
  trial.fixture().vanish(sandbox.id());

  CHECK(failsWith(sandbox.run("true", {}).get(), Errc::gone));
  CHECK(statusOf(trial, sandbox) == "shutdown");
  CHECK(trial.record(sandbox).shutdownAt.has_value());
  CHECK(trial.hasEvent(sandbox, EventReason::foundGone));
  const auto connected = sandbox.connect().get();
  REQUIRE(ok(connected));
  CHECK(toString(connected->kind) == "gone");
  CHECK(trial.fixture().leftovers().empty());
}

TEST_CASE("stop: ends all processes, and resume brings back the files", "[conformance][lifecycle]") {
  Trial trial;
  trial.makeHold("alive");
  trial.sh(holding("alive") + "echo kept >file; sleep 100000 </dev/null >/dev/null 2>&1 &");
  auto stopped = trial.sandbox().stop().get();
  REQUIRE(ok(stopped));
  CHECK(toString(stopped->status) == "shutdown");
  CHECK(stopped->shutdownAt.has_value());

  // Stopped is stopped: nothing brings it back but an explicit wish.
  CHECK(failsWith(trial.sandbox().run("true", {}).get(), Errc::gone));
  REQUIRE(ok(trial.sandbox().stop().get()));

  const auto resumed = trial.sandbox().resume().get();
  REQUIRE(ok(resumed));
  if (!trial.offers(Capability::resume)) {
    CHECK(toString(resumed->kind) == "gone");
    return;
  }
  CHECK(toString(resumed->kind) == "resumed");
  CHECK(statusOf(trial, trial.sandbox()) == "active");
  CHECK_FALSE(trial.record(trial.sandbox()).shutdownAt.has_value());
  CHECK(trial.sh("cat file") == "kept\n");
  CHECK(trial.released("alive"));
}

TEST_CASE("stop: an ephemeral sandbox is destroyed", "[conformance][lifecycle]") {
  Trial trial;
  auto config = trial.config();
  config.ephemeral = true;
  auto sandbox = trial.create(config);
  REQUIRE(ok(sandbox.stop().get()));
  CHECK(trial.fixture().leftovers().empty());
  const auto resumed = sandbox.resume().get();
  REQUIRE(ok(resumed));
  CHECK(toString(resumed->kind) == "gone");
}

TEST_CASE("stop: a sandbox that has vanished is shut down all the same", "[conformance][lifecycle]") {
  Trial trial;
  trial.sandbox();
  trial.fixture().vanish(trial.sandbox().id());
  auto stopped = trial.sandbox().stop().get();
  REQUIRE(ok(stopped));
  CHECK(toString(stopped->status) == "shutdown");
}

TEST_CASE("destroy: leaves nothing but the record", "[conformance][lifecycle]") {
  Trial trial;
  trial.sh("echo here >file");
  auto destroyed = trial.sandbox().destroy().get();
  REQUIRE(ok(destroyed));
  CHECK(toString(destroyed->status) == "shutdown");
  CHECK(trial.fixture().leftovers().empty());
  CHECK(ok(trial.sandbox().destroy().get()));

  const auto resumed = trial.sandbox().resume().get();
  REQUIRE(ok(resumed));
  CHECK(toString(resumed->kind) == "gone");
  CHECK(trial.record(trial.sandbox()).sandboxId == trial.sandbox().id());
}

TEST_CASE("recreate: a new generation under the same sandboxId, the old one destroyed",
          "[conformance][lifecycle]") {
  Trial trial;
  const auto before = trial.record(trial.sandbox());
  trial.sh("echo old >file");
  SECTION("while it stands") {}
  SECTION("after a stop") { REQUIRE(ok(trial.sandbox().stop().get())); }
  SECTION("after a destroy") { REQUIRE(ok(trial.sandbox().destroy().get())); }
  SECTION("after it vanished") { trial.fixture().vanish(trial.sandbox().id()); }

  auto after = trial.sandbox().recreate().get();
  REQUIRE(ok(after));
  CHECK(after->sandboxId == before.sandboxId);
  CHECK(after->generation == 2);
  CHECK(after->provisionKey != before.provisionKey);
  CHECK(toString(after->status) == "active");
  CHECK_FALSE(after->shutdownAt.has_value());
  CHECK(trial.sh("test -e file || echo fresh") == "fresh\n");
  CHECK(trial.fixture().leftovers() == std::vector{after->provisionKey});
  CHECK(trial.hasEvent(trial.sandbox(), EventReason::recreated));
}

TEST_CASE("extend: gives more life where that is offered, else is refused", "[conformance][lifecycle]") {
  Trial trial;
  const auto extended = trial.sandbox().extend(minutes(20)).get();
  if (!trial.offers(Capability::extend)) {
    CHECK(failsWith(extended, Errc::unsupported));
    return;
  }
  REQUIRE(ok(extended));
  CHECK(trial.record(trial.sandbox()).timeout == minutes(20));
  CHECK(trial.hasEvent(trial.sandbox(), EventReason::extended));
  CHECK(trial.sh("echo alive") == "alive\n");
}

TEST_CASE("recover: finds nothing to do where all is well, and destroys what nobody owns",
          "[conformance][recover]") {
  Trial trial;
  trial.sandbox();
  auto plan = trial.service().plan().get();
  REQUIRE(ok(plan));
  CHECK(plan->empty());

  auto provider = trial.fixture().makeProvider(test::contextOn(test::engine(), trial.fixture().settings()));
  REQUIRE(ok(provider));
  const auto owner = trial.fixture().store().deploymentId();
  REQUIRE(ok(owner));
  ProvisionRequest request;
  request.provisionKey = uniqueName("orphan");
  request.ownerTag = *owner;
  request.config = trial.config();
  const CallOptions unlimited;
  REQUIRE(ok(test::run((*provider)->lifecycle().provision(request, unlimited))));
  CHECK(trial.fixture().leftovers().size() == 2);

  plan = trial.service().plan().get();
  REQUIRE(ok(plan));
  REQUIRE(plan->size() == 1);
  CHECK(toString(plan->front().action) == "destroyOrphan");
  CHECK(plan->front().provisionKey == request.provisionKey);

  auto recovered = trial.service().recover().get();
  REQUIRE(ok(recovered));
  CHECK(recovered->failures.empty());
  CHECK(trial.fixture().leftovers() == std::vector{trial.record(trial.sandbox()).provisionKey});
  recovered = trial.service().recover().get();
  REQUIRE(ok(recovered));
  CHECK(recovered->steps.empty());
}

TEST_CASE("records: are found by id, listed newest first, filtered and counted", "[conformance][records]") {
  Trial trial;
  auto config = trial.config();
  config.purpose = "one";
  auto first = trial.create(config);
  config.purpose = "two";
  auto second = trial.create(config);

  const auto all = trial.service().list().get();
  REQUIRE(ok(all));
  REQUIRE(all->records.size() == 2);
  CHECK(all->records[0].sandboxId == second.id());
  CHECK(all->records[1].sandboxId == first.id());

  RecordFilter filter;
  filter.purpose = "one";
  const auto some = trial.service().list(filter).get();
  REQUIRE(ok(some));
  REQUIRE(some->records.size() == 1);
  CHECK(some->records[0].sandboxId == first.id());
  CHECK(trial.service().count(filter).get() == 1);

  const SandboxId nobody("00000000-0000-7000-8000-00000000dead");
  CHECK(failsWith(trial.service().get(nobody).get(), Errc::notFound));
  CHECK(failsWith(trial.service().sandbox(nobody).connect().get(), Errc::notFound));
  CHECK(failsWith(trial.service().sandbox(nobody).stop().get(), Errc::notFound));
}

}  // namespace
}  // namespace mooring::conformance
