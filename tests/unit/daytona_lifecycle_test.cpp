#include "apis.hpp"
#include "daytona_account.hpp"

#include <boost/json/parse.hpp>

using namespace mooring;
using test::daytona::complaint;
using test::daytona::instance;
using test::daytona::sandboxJson;
using test::daytona::Wire;
using Sent = std::vector<std::string>;

namespace {

const std::string get = "GET /sandbox/id-1";
const std::string start = "POST /sandbox/id-1/start";
const std::string stop = "POST /sandbox/id-1/stop";
const std::string deletion = "DELETE /sandbox/id-1";

struct Life : Wire {
  explicit Life(std::map<std::string, std::string, std::less<>> more =
                    std::map<std::string, std::string, std::less<>>())
      : Wire(std::move(more)) {}
  daytona::Lifecycle lifecycle{account};
  CallOptions call;

  Result<Attachment> attach() { return test::run(lifecycle.attach(instance(), call)); }
  Result<void> end() { return test::run(lifecycle.stop(instance(), call)); }
  Result<void> destroy() { return test::run(lifecycle.destroy(instance(), call)); }
  void answer(const std::string& state, const std::string& more = std::string()) {
    wire->reply(200, sandboxJson(state, more));
  }
  void refuse(int status, const std::string& message = "no") {
    wire->reply(status, complaint(status, message));
  }
};

}  // namespace

TEST_CASE("daytona/attach: one that runs costs one look", "[unit][daytona]") {
  Life life;
  life.answer("started");
  const auto attached = life.attach();
  REQUIRE(test::ok(attached));
  CHECK_FALSE(attached->woken);
  CHECK(attached->instance.connection.at("toolboxUrl") == "https://proxy.test/toolbox");
  CHECK(life.sent() == Sent{get});
}

TEST_CASE("daytona/attach: one that rests is started, whatever it rests as", "[unit][daytona]") {
  Life life;
  life.answer(GENERATE(as<std::string>{}, "stopped", "archived", "paused"));
  SECTION("at once") {
    life.answer("started");
    const auto attached = life.attach();
    REQUIRE(test::ok(attached));
    CHECK(attached->woken);
    CHECK(life.sent() == Sent{get, start});
  }
  SECTION("after a while") {
    life.answer("restoring");
    life.answer("restoring");
    life.answer("starting");
    life.answer("started");
    REQUIRE(test::ok(life.attach()));
    CHECK(life.sent() == Sent{get, start, get, get, get});
  }
  SECTION("although somebody else was faster") {
    life.refuse(409, "Sandbox state change in progress");
    life.answer("starting");
    life.answer("started");
    REQUIRE(test::ok(life.attach()));
    CHECK(life.sent() == Sent{get, start, get, get});
  }
  SECTION("although a reply was lost") {
    life.wire->fail(makeError(Errc::unavailable, "the connection ended"));
    life.refuse(409, "Sandbox state change in progress");
    life.answer("started");
    REQUIRE(test::ok(life.attach()));
    CHECK(life.sent() == Sent{get, start, start, get});
  }
}

TEST_CASE("daytona/attach: a transition is waited out, and what it leads to acted on", "[unit][daytona]") {
  Life life;
  life.answer(GENERATE(as<std::string>{}, "stopping", "archiving"));
  life.answer("stopped");
  life.answer("started");
  const auto attached = life.attach();
  REQUIRE(test::ok(attached));
  CHECK(attached->woken);
  CHECK(life.sent() == Sent{get, get, start});
}

TEST_CASE("daytona/attach: an error state is recovered where Daytona offers that", "[unit][daytona]") {
  Life life;
  SECTION("offered") {
    life.answer("error", R"(,"recoverable":true)");
    life.answer("started");
    REQUIRE(test::ok(life.attach()));
    CHECK(life.sent() == Sent{get, "POST /sandbox/id-1/recover"});
  }
  SECTION("not offered: its files may be wanted, so that it is not called gone") {
    life.answer("error", R"(,"errorReason":"runner lost")");
    const auto attached = life.attach();
    CHECK(test::failsWith(attached, Errc::unavailable, "runner lost"));
    CHECK_FALSE(attached.error().retryable());
  }
  SECTION("it fails to start, again and again") {
    life.answer("stopped");
    for (int i = 0; i < 3; ++i) {
      life.refuse(400, "Sandbox failed to start: no luck");
      life.answer("stopped");
    }
    CHECK(test::failsWith(life.attach(), Errc::invalidArgument, "no luck"));
  }
}

TEST_CASE("daytona/attach: gone is a proof, everything else is not", "[unit][daytona]") {
  Life life;
  SECTION("no such id") {
    life.refuse(404);
    CHECK(test::failsWith(life.attach(), Errc::gone));
  }
  SECTION("on its way out") {
    life.answer(GENERATE(as<std::string>{}, "destroying", "destroyed"));
    CHECK(test::failsWith(life.attach(), Errc::gone));
  }
  SECTION("a bad key") {
    life.refuse(401, "Invalid credentials");
    CHECK(test::failsWith(life.attach(), Errc::unauthenticated));
  }
  SECTION("an outage") {
    for (int i = 0; i < 4; ++i)
      life.refuse(503);
    CHECK(test::failsWith(life.attach(), Errc::unavailable));
  }
  SECTION("an account limit") {
    for (int i = 0; i < 4; ++i)
      life.refuse(429);
    CHECK(test::failsWith(life.attach(), Errc::rateLimited));
  }
  SECTION("an unreadable reply") {
    life.wire->reply(200, "<html>");
    CHECK(test::failsWith(life.attach(), Errc::corrupted));
  }
  SECTION("a reply without an id") {
    life.wire->reply(200, "{}");
    CHECK(test::failsWith(life.attach(), Errc::corrupted, "id"));
  }
}

TEST_CASE("daytona/stop: waits until it is stopped, and is fine when it is", "[unit][daytona]") {
  Life life;
  SECTION("running") {
    life.answer("stopping");
    life.answer("stopping");
    life.answer("stopped");
    REQUIRE(test::ok(life.end()));
    CHECK(life.sent() == Sent{stop, get, get});
  }
  SECTION("stopped already") {
    life.refuse(400, "Sandbox is not started");
    life.answer("stopped");
    REQUIRE(test::ok(life.end()));
    CHECK(life.sent() == Sent{stop, get});
  }
  SECTION("starting: stopped once that is over") {
    life.refuse(409, "Sandbox state change in progress");
    life.answer("starting");
    life.answer("started");
    life.answer("stopping");
    life.answer("stopped");
    REQUIRE(test::ok(life.end()));
    CHECK(life.sent() == Sent{stop, get, get, stop, get});
  }
  SECTION("ephemeral: it goes away") {
    life.answer("destroying");
    REQUIRE(test::ok(life.end()));
    CHECK(life.sent() == Sent{stop});
  }
  SECTION("gone") {
    life.refuse(404);
    CHECK(test::failsWith(life.end(), Errc::gone));
  }
  SECTION("broken: said, not hidden") {
    life.refuse(400, "Sandbox is in an errored state");
    life.answer("error");
    CHECK(test::failsWith(life.end(), Errc::unavailable, "error"));
  }
}

TEST_CASE("daytona/stop: deletes where the environment wants that", "[unit][daytona]") {
  const std::map<std::string, std::string, std::less<>> deleting{{"SANDBOX_DAYTONA_DELETE_ON_STOP", "1"}};
  Life life(deleting);
  SECTION("there") {
    life.answer("destroying");
    REQUIRE(test::ok(life.end()));
    CHECK(life.sent() == Sent{deletion});
  }
  SECTION("not there") {
    life.refuse(404);
    CHECK(test::failsWith(life.end(), Errc::gone));
  }
}

TEST_CASE("daytona/destroy: by id or key, once or twice, during any transition", "[unit][daytona]") {
  Life life;
  SECTION("by key") {
    life.answer("destroying");
    Instance byKey;
    byKey.provisionKey = "key-1";
    REQUIRE(test::ok(test::run(life.lifecycle.destroy(byKey, life.call))));
    CHECK(life.sent() == Sent{"DELETE /sandbox/key-1"});
  }
  SECTION("gone already") {
    life.refuse(404);
    CHECK(test::ok(life.destroy()));
  }
  SECTION("while it starts") {
    life.refuse(409, "Sandbox state change in progress");
    life.answer("starting");
    life.answer("destroying");
    REQUIRE(test::ok(life.destroy()));
    CHECK(life.sent() == Sent{deletion, get, deletion});
  }
  SECTION("while it is being destroyed: by a request whose reply was lost") {
    life.refuse(409, "Sandbox state change in progress");
    life.answer("destroying");
    REQUIRE(test::ok(life.destroy()));
    CHECK(life.sent() == Sent{deletion, get});
  }
  SECTION("with volumes: they are free when it returns") {
    life.answer("destroying", R"(,"volumes":[{"volumeId":"v","mountPath":"/data"}])");
    life.answer("destroying");
    life.refuse(404);
    REQUIRE(test::ok(life.destroy()));
    CHECK(life.sent() == Sent{deletion, get, get});
  }
  SECTION("with a key that may not: the scope is named") {
    life.refuse(403, "Access denied");
    CHECK(test::failsWith(life.destroy(), Errc::permissionDenied, "Access denied"));
  }
}

TEST_CASE("daytona/find: exact, and nothing is a proof", "[unit][daytona]") {
  Life life;
  SECTION("there") {
    life.answer("stopped");
    const auto found = test::run(life.lifecycle.find("key-1", life.call));
    REQUIRE(test::ok(found));
    REQUIRE(found->has_value());
    CHECK((*found)->state == InstanceState::stopped);
    CHECK(life.sent() == Sent{"GET /sandbox/key-1"});
  }
  SECTION("not there, or on its way out") {
    if (GENERATE(true, false)) {
      life.refuse(404);
    } else {
      life.answer("destroying");
    }
    const auto found = test::run(life.lifecycle.find("key-1", life.call));
    REQUIRE(test::ok(found));
    CHECK_FALSE(found->has_value());
  }
  SECTION("no answer is no proof") {
    for (int i = 0; i < 4; ++i)
      life.refuse(500);
    CHECK(test::failsWith(test::run(life.lifecycle.find("key-1", life.call)), Errc::unavailable));
  }
}

TEST_CASE("daytona/list: by the owner's label, in an order that stands still", "[unit][daytona]") {
  Life life;
  const auto mine = sandboxJson("started");
  auto other = mine;
  other.replace(other.find("owner"), 5, "other");
  life.wire->reply(200,
                   R"({"items":[)" + mine + "," + other + "," + sandboxJson("destroying") + "," +
                       sandboxJson("levitating") + R"(],"nextCursor":"next+1"})");
  auto page = test::run(life.lifecycle.list("owner", "", life.call));
  REQUIRE(test::ok(page));
  CHECK(page->instances.size() == 2);
  CHECK(page->nextCursor == "next+1");
  const auto& first = life.sent(0);
  CHECK(first.find("labels=%7B%22mooring%22%3A%22owner%22%7D") != std::string::npos);
  CHECK(first.find("sort=createdAt") != std::string::npos);

  life.wire->reply(200, R"({"items":[],"nextCursor":null})");
  page = test::run(life.lifecycle.list("owner", page->nextCursor, life.call));
  REQUIRE(test::ok(page));
  CHECK(page->nextCursor.empty());
  CHECK(life.sent(1).find("cursor=next%2B1") != std::string::npos);
}

TEST_CASE("daytona/list: an old server's bare array is read too", "[unit][daytona]") {
  Life life;
  life.wire->reply(200, "[" + sandboxJson("started") + "]");
  const auto page = test::run(life.lifecycle.list("owner", "", life.call));
  REQUIRE(test::ok(page));
  CHECK(page->instances.size() == 1);
  CHECK(page->nextCursor.empty());
}

TEST_CASE("daytona/extend: counts from the creation there what counts from now here", "[unit][daytona]") {
  Life life;  // Created an hour before the clock's start.
  life.answer("started");
  SECTION("known") {
    life.answer("started");
    REQUIRE(test::ok(test::run(life.lifecycle.extend(instance(), std::chrono::minutes(20), life.call))));
    CHECK(life.sent() == Sent{get, "POST /sandbox/id-1/ttl/80"});
  }
  SECTION("an old server") {
    life.refuse(404, "Cannot POST /api/sandbox/id-1/ttl/80");
    life.answer("started");
    CHECK(test::failsWith(test::run(life.lifecycle.extend(instance(), std::chrono::minutes(20), life.call)),
                          Errc::unsupported));
  }
  SECTION("one that vanished meanwhile") {
    life.refuse(404, "Sandbox not found");
    life.refuse(404, "Sandbox not found");
    CHECK(test::failsWith(test::run(life.lifecycle.extend(instance(), std::chrono::minutes(20), life.call)),
                          Errc::gone));
  }
}

TEST_CASE("daytona/provision: a server that ignores lifetimes gets no sandbox that outlives one",
          "[unit][daytona]") {
  Life life;
  life.answer("started");
  life.answer("destroying");
  ProvisionRequest request;
  request.provisionKey = "key-1";
  request.ownerTag = "owner";
  request.timeout = std::chrono::minutes(10);
  CHECK(
      test::failsWith(test::run(life.lifecycle.provision(request, life.call)), Errc::unsupported, "timeout"));
  CHECK(life.sent() == Sent{"POST /sandbox", deletion});
}

TEST_CASE("daytona/diagnose: says whether the key is good, and what it may not", "[unit][daytona]") {
  Life life;
  const auto bad = [&] {
    auto findings = test::run(daytona::examine(life.account, life.call));
    REQUIRE(test::ok(findings));
    std::string out;
    for (const auto& finding : *findings) {
      CHECK(finding.good == finding.fix.empty());
      CHECK(finding.what.find(test::daytona::key) == std::string::npos);
      if (!finding.good) out += finding.what + "\n";
    }
    return out;
  };
  SECTION("all is well") {
    life.wire->reply(
        200,
        R"({"name":"k","permissions":["write:sandboxes","delete:sandboxes","read:volumes","write:volumes"]})");
    CHECK(bad().empty());
    CHECK(life.sent() == Sent{"GET /api-keys/current"});
  }
  SECTION("no scope to delete") {
    life.wire->reply(200, R"({"name":"k","permissions":["write:sandboxes","read:volumes","write:volumes"]})");
    CHECK(bad().find("delete:sandboxes") != std::string::npos);
  }
  SECTION("a bad key") {
    life.refuse(401, "Invalid credentials");
    CHECK(bad().find("401") != std::string::npos);
  }
}
