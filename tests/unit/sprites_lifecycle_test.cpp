#include "apis.hpp"
#include "sprites_account.hpp"

#include <boost/json/parse.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;
using test::sprites::instance;
using test::sprites::Sent;
using test::sprites::spriteJson;
using test::sprites::Wire;

namespace {

const std::string create = "POST /v1/sprites";
const std::string look = "GET /v1/sprites/key-1";

struct Lifecycles : Wire {
  using Wire::Wire;
  sprites::Lifecycle lifecycle{account};
  CallOptions call;

  ProvisionRequest request(const std::string& options = "{}") {
    ProvisionRequest out;
    out.provisionKey = "key-1";
    out.ownerTag = "owner";
    out.config.options["sprites"] = boost::json::parse(options);
    return out;
  }
  Result<Instance> provision(const std::string& options = "{}") {
    return test::run(lifecycle.provision(request(options), call));
  }
  void missing() { wire->reply(404, R"({"error":"sprite not found"})"); }
};

}  // namespace

TEST_CASE("sprites/create: is one request, with the owner in the labels", "[unit][sprites]") {
  Lifecycles calls;
  calls.wire->reply(201, spriteJson());
  const auto made = calls.provision();
  REQUIRE(ok(made));
  CHECK(made->id.value == "key-1");
  CHECK(made->provisionKey == "key-1");
  CHECK(toString(made->state) == "running");
  CHECK(made->url == "https://key-1-x.sprites.app");
  CHECK(calls.sent() == Sent{create});
  CHECK(calls.body(0) == R"({"name":"key-1","url_settings":{"auth":"sprite"},"labels":["mooring=owner"]})");
  CHECK(calls.wire->sent(0).headers.get("Content-Type") == "application/json");
}

TEST_CASE("sprites/create: whatever becomes of the answer, a look settles it", "[unit][sprites]") {
  Lifecycles calls;
  SECTION("409") { calls.wire->reply(409, R"({"error":"already exists"})"); }
  SECTION("400") { calls.wire->reply(400, R"({"error":"name already exists"})"); }
  SECTION("lost") { calls.loseReply(); }
  SECTION("unreadable") { calls.wire->reply(201, "nonsense"); }
  calls.wire->reply(200, spriteJson());
  REQUIRE(ok(calls.provision()));
  CHECK(calls.sent() == Sent{create, look});
}

TEST_CASE("sprites/create: one that is not there yet is asked for again, under the same name",
          "[unit][sprites]") {
  Lifecycles calls;
  calls.loseReply();
  calls.missing();
  calls.wire->reply(201, spriteJson());
  REQUIRE(ok(calls.provision()));
  CHECK(calls.sent() == Sent{create, look, create});
}

TEST_CASE("sprites/create: a name that is somebody else's is not taken over", "[unit][sprites]") {
  Lifecycles calls;
  calls.wire->reply(409, R"({"error":"already exists"})");
  SECTION("another owner") {
    calls.wire->reply(200, spriteJson(R"("mooring=another")"));
    CHECK(failsWith(calls.provision(), Errc::conflict, "somebody else"));
  }
  SECTION("no label at all") {
    calls.wire->reply(200, spriteJson(""));
    CHECK(failsWith(calls.provision(), Errc::conflict, "somebody else"));
  }
  SECTION("another sandbox of ours, under a name that was asked for") {
    calls.wire->reply(200, spriteJson(R"("mooring=owner","mooring-key=key-0")", "cold", "job"));
    CHECK(failsWith(calls.provision(R"({"name":"job"})"), Errc::conflict, "one sandbox's at a time"));
  }
}

TEST_CASE("sprites/create: a refusal for good is said as it is", "[unit][sprites]") {
  Lifecycles calls;
  SECTION("wrong") {
    calls.wire->reply(400, R"({"error":"name is required"})");
    calls.missing();
    CHECK(failsWith(calls.provision(), Errc::invalidArgument, "name is required"));
  }
  SECTION("too many") {
    for (int i = 0; i < 4; ++i)
      calls.wire->reply(429, R"({"error":"concurrent_sprite_limit_exceeded","message":"3 of 3"})");
    CHECK(failsWith(calls.provision(), Errc::quotaExceeded, "3 of 3"));
  }
}

TEST_CASE("sprites/create: a network policy stands before anybody takes the sprite for ready",
          "[unit][sprites]") {
  Lifecycles calls;
  auto request = calls.request();
  request.config.network.mode = NetworkMode::blocked;
  calls.wire->reply(201, spriteJson(R"("mooring=owner","mooring-state=unfinished")"));
  calls.wire->reply(204);
  calls.wire->reply(200, spriteJson());
  REQUIRE(ok(test::run(calls.lifecycle.provision(request, calls.call))));
  CHECK(calls.sent() == Sent{create, "POST /v1/sprites/key-1/policy/network", "PUT /v1/sprites/key-1"});
  CHECK(calls.body(1) == R"({"rules":[{"domain":"*","action":"deny"}]})");
  CHECK(calls.body(2) == R"({"labels":["mooring=owner"]})");

  // Interrupted in between, it is found, and not for use.
  calls.wire->reply(200, spriteJson(R"("mooring=owner","mooring-state=unfinished")"));
  const auto found = test::run(calls.lifecycle.find("key-1", calls.call));
  REQUIRE(ok(found));
  REQUIRE(found->has_value());
  CHECK(toString((*found)->state) == "failed");
}

TEST_CASE("sprites/find: by name, or by the label of one that has another name", "[unit][sprites]") {
  Lifecycles calls;
  calls.missing();
  calls.wire->reply(200,
                    R"({"sprites":[)" + spriteJson("", "cold", "a") +
                        R"(],"has_more":true,"next_continuation_token":"t"})");
  calls.wire->reply(200,
                    R"({"sprites":[)" + spriteJson(R"("mooring-key=key-1","mooring=owner")", "warm", "job") +
                        R"(],"has_more":false,"next_continuation_token":null})");
  const auto found = test::run(calls.lifecycle.find("key-1", calls.call));
  REQUIRE(ok(found));
  REQUIRE(found->has_value());
  CHECK((*found)->id.value == "job");
  CHECK((*found)->provisionKey == "key-1");
  CHECK(calls.sent() ==
        Sent{look, "GET /v1/sprites?max_results=50", "GET /v1/sprites?max_results=50&continuation_token=t"});
}

TEST_CASE("sprites/list: is filtered by owner, page by page", "[unit][sprites]") {
  Lifecycles calls;
  calls.wire->reply(200,
                    R"({"sprites":[)" + spriteJson() + "," + spriteJson(R"("mooring=other")", "cold", "b") +
                        R"(,{"name":"c"}],"has_more":true,"next_continuation_token":"t"})");
  // A listing without labels says nothing of whose it is.
  calls.wire->reply(200, spriteJson(R"("mooring=owner")", "cold", "c"));
  auto page = test::run(calls.lifecycle.list("owner", "", calls.call));
  REQUIRE(ok(page));
  REQUIRE(page->instances.size() == 2);
  CHECK(page->instances[0].id.value == "key-1");
  CHECK(page->instances[1].id.value == "c");
  CHECK(page->nextCursor == "t");
  calls.wire->reply(200, R"({"sprites":null,"has_more":false,"next_continuation_token":"t"})");
  page = test::run(calls.lifecycle.list("owner", "t", calls.call));
  REQUIRE(ok(page));
  CHECK(page->instances.empty());
  CHECK(page->nextCursor.empty());
}

TEST_CASE("sprites/state: a sleeping one runs what it is given; an unknown one is not guessed",
          "[unit][sprites]") {
  Lifecycles calls;
  const auto status = GENERATE(as<std::string>{}, "cold", "warm", "running");
  calls.wire->reply(200, spriteJson(R"("mooring=owner")", status));
  const auto attached = test::run(calls.lifecycle.attach(instance(), calls.call));
  REQUIRE(ok(attached));
  CHECK_FALSE(attached->woken);
  CHECK(calls.sent() == Sent{look});
  calls.wire->reply(200, spriteJson(R"("mooring=owner")", "melting"));
  CHECK(failsWith(test::run(calls.lifecycle.inspect(ExternalSandboxId("key-1"), calls.call)),
                  Errc::corrupted,
                  "melting"));
}

TEST_CASE("sprites/stop: deletes by default", "[unit][sprites]") {
  Lifecycles calls;
  calls.wire->reply(200, spriteJson());
  calls.wire->reply(204);
  CHECK(ok(test::run(calls.lifecycle.stop(instance(), calls.call))));
  calls.missing();
  CHECK(failsWith(test::run(calls.lifecycle.stop(instance(), calls.call)), Errc::gone));
  CHECK(calls.sent() == Sent{look, "DELETE /v1/sprites/key-1", look});
}

TEST_CASE("sprites/stop: where nothing is deleted, processes end and a label says so", "[unit][sprites]") {
  Lifecycles calls;
  calls.wire->reply(200, spriteJson(R"("mooring=owner","mooring-on-stop=keep")"));
  calls.wire->reply(200, spriteJson());
  auto socket = calls.acceptRun("", 0);
  REQUIRE(ok(test::run(calls.lifecycle.stop(instance(), calls.call))));
  CHECK(calls.sent() == Sent{look, "PUT /v1/sprites/key-1"});
  CHECK(calls.body(1) == R"({"labels":["mooring=owner","mooring-on-stop=keep","mooring-state=stopped"]})");
  CHECK(socket->heardAll.front().data.find("\nr\n") != std::string::npos);

  const auto stopped = spriteJson(R"("mooring=owner","mooring-on-stop=keep","mooring-state=stopped")");
  calls.wire->reply(200, stopped);
  const auto seen = test::run(calls.lifecycle.inspect(ExternalSandboxId("key-1"), calls.call));
  REQUIRE(ok(seen));
  CHECK(toString((*seen)->state) == "stopped");

  calls.wire->reply(200, stopped);
  calls.acceptRun("", 0);
  calls.wire->reply(200, spriteJson());
  const auto attached = test::run(calls.lifecycle.attach(instance(), calls.call));
  REQUIRE(ok(attached));
  CHECK(attached->woken);
  CHECK(toString(attached->instance.state) == "running");
  CHECK(calls.body(4) == R"({"labels":["mooring=owner","mooring-on-stop=keep"]})");
}

TEST_CASE("sprites/destroy: by key alone finds one that has another name", "[unit][sprites]") {
  Lifecycles calls;
  Instance byKey;
  byKey.provisionKey = "key-1";
  calls.missing();
  calls.wire->reply(
      200,
      R"({"sprites":[)" + spriteJson(R"("mooring-key=key-1")", "cold", "job") + R"(],"has_more":false})");
  calls.wire->reply(204);
  CHECK(ok(test::run(calls.lifecycle.destroy(byKey, calls.call))));
  CHECK(calls.sent() ==
        Sent{"DELETE /v1/sprites/key-1", "GET /v1/sprites?max_results=50", "DELETE /v1/sprites/job"});
  calls.missing();
  CHECK(ok(test::run(calls.lifecycle.destroy(instance(), calls.call))));
}

TEST_CASE("sprites/extend: there is nothing to extend", "[unit][sprites]") {
  Lifecycles calls;
  CHECK(failsWith(test::run(calls.lifecycle.extend(instance(), std::chrono::minutes(5), calls.call)),
                  Errc::unsupported));
  CHECK(calls.wire->count() == 0);
}
