#include "apis.hpp"
#include "vercel_account.hpp"

#include <boost/json/parse.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;
using test::vercel::instance;
using test::vercel::replyJson;
using test::vercel::sandboxJson;
using test::vercel::SandboxShape;
using test::vercel::Wire;
using Sent = std::vector<std::string>;

namespace {

const std::string create = "POST /v3/sandboxes";
const std::string look = "GET /v2/sandboxes/key-1?projectId=prj_1&resume=false";
const std::string wake = "GET /v2/sandboxes/key-1?projectId=prj_1&resume=true";
const std::string deletion = "DELETE /v2/sandboxes/key-1?projectId=prj_1&deleteOrphanSnapshots=true";

struct Life : Wire {
  vercel::Lifecycle lifecycle{account};
  CallOptions call;

  Result<Instance> provision(SandboxConfig config = SandboxConfig()) {
    ProvisionRequest request;
    request.provisionKey = "key-1";
    request.ownerTag = "owner";
    request.config = std::move(config);
    return test::run(lifecycle.provision(std::move(request), call));
  }
  void found(const SandboxShape& shape = SandboxShape()) { wire->reply(200, replyJson(shape)); }
  void exists() { refuse(400, "bad_request", "A sandbox with the name 'key-1' already exists"); }
};

SandboxShape stopped(bool persistent = false) {
  SandboxShape shape;
  shape.status = "stopped";
  shape.persistent = persistent;
  return shape;
}

}  // namespace

TEST_CASE("vercel/provision: makes one, and looks whether it runs", "[unit][vercel]") {
  Life life;
  life.found();
  const auto made = life.provision();
  REQUIRE(ok(made));
  CHECK(made->id.value == "key-1");
  CHECK(made->url == "https://sb-1.vercel.run");
  CHECK(made->connection.at("session") == "sbx_1");
  CHECK(life.sent() == Sent{create});
}

TEST_CASE("vercel/provision: one that is not ready yet is awaited", "[unit][vercel]") {
  Life life;
  SandboxShape pending;
  pending.status = "pending";
  life.found(pending);
  life.found(pending);
  life.found();
  REQUIRE(ok(life.provision()));
  CHECK(life.sent() == Sent{create, look, look});
}

TEST_CASE("vercel/provision: an answer that was lost is found by its name", "[unit][vercel]") {
  Life life;
  SECTION("the request is repeated, and the name is taken") {
    life.wire->fail(makeError(Errc::unavailable, "x"));
  }
  SECTION("a server's failure is repeated, and the name is taken") {
    life.refuse(500, "internal_server_error");
  }
  life.exists();
  life.found();
  REQUIRE(ok(life.provision()));
  CHECK(life.sent() == Sent{create, create, look});
}

TEST_CASE("vercel/provision: the same name at once is the same sandbox", "[unit][vercel]") {
  Life life;
  life.exists();
  life.refuse(404, "not_found");  // Not shown yet.
  life.exists();
  life.found();
  REQUIRE(ok(life.provision()));
  CHECK(life.sent() == Sent{create, look, create, look});
}

TEST_CASE("vercel/provision: what cannot be settled is said so", "[unit][vercel]") {
  Life life;
  for (int i = 0; i < 8; ++i)
    life.wire->fail(makeError(Errc::unavailable, "no network"));
  CHECK(failsWith(life.provision(), Errc::outcomeUnknown, "no network"));
}

TEST_CASE("vercel/provision: somebody else's sandbox of that name is left alone", "[unit][vercel]") {
  Life life;
  life.exists();
  SandboxShape foreign;
  foreign.owner = "somebody";
  life.found(foreign);
  CHECK(failsWith(life.provision(), Errc::permissionDenied, "key-1"));
  CHECK(life.sent() == Sent{create, look});
}

TEST_CASE("vercel/provision: one that has ended gives its name to a new one, once", "[unit][vercel]") {
  Life life;
  life.exists();
  life.found(stopped());
  life.found(stopped());
  life.wire->reply(200, R"({"sandbox":)" + sandboxJson(stopped()) + "}");
  life.found();
  REQUIRE(ok(life.provision()));
  CHECK(life.sent() == Sent{create, look, look, deletion, create});
}

TEST_CASE("vercel/provision: volumes are there before the sandbox", "[unit][vercel]") {
  Life life;
  life.wire->reply(201, R"({"drive":{"name":"data","region":"iad1"}})");
  life.found();
  SandboxConfig config;
  config.volumes = {{.name = "data", .mountPath = "/data"}};
  REQUIRE(ok(life.provision(config)));
  CHECK(life.sent() == Sent{"POST /v2/sandboxes/drives/data", create});
}

TEST_CASE("vercel/provision: a refusal is an answer", "[unit][vercel]") {
  Life life;
  life.refuse(402, "payment_required");
  CHECK(failsWith(life.provision(), Errc::quotaExceeded));
  life.refuse(404, "not_found");
  CHECK(failsWith(life.provision(), Errc::invalidArgument, "prj_1"));
  life.refuse(409, "conflict", "Drive 'data' is already mounted for writing.");
  CHECK(failsWith(life.provision(), Errc::conflict, "one sandbox at a time"));
  life.refuse(409, "drive_not_initialized");
  CHECK(failsWith(life.provision(), Errc::invalidArgument, "read-only"));
  CHECK(life.wire->count() == 4);
}

TEST_CASE("vercel/find: absence is a 404 and nothing else", "[unit][vercel]") {
  Life life;
  life.refuse(404, "not_found");
  auto seen = test::run(life.lifecycle.find("key-1", life.call));
  REQUIRE(ok(seen));
  CHECK_FALSE(seen->has_value());
  life.refuse(403, "forbidden");
  CHECK(failsWith(test::run(life.lifecycle.find("key-1", life.call)), Errc::permissionDenied));
  life.found(stopped());
  seen = test::run(life.lifecycle.inspect(ExternalSandboxId("key-1"), life.call));
  REQUIRE(ok(seen));
  REQUIRE(seen->has_value());
  CHECK(toString((*seen)->state) == "failed");
  life.found(stopped(true));
  seen = test::run(life.lifecycle.inspect(ExternalSandboxId("key-1"), life.call));
  REQUIRE(ok(seen));
  CHECK(toString((*seen)->state) == "stopped");
  SandboxShape strange;
  strange.status = "hibernating";
  life.found(strange);
  CHECK(failsWith(test::run(life.lifecycle.find("key-1", life.call)), Errc::corrupted, "hibernating"));
}

TEST_CASE("vercel/attach: a persistent one is woken by the request that looks", "[unit][vercel]") {
  Life life;
  SandboxShape woken;
  woken.persistent = true;
  woken.session = "sbx_2";
  woken.resumed = true;
  life.found(woken);
  const auto attached = test::run(life.lifecycle.attach(instance(true), life.call));
  REQUIRE(ok(attached));
  CHECK(attached->woken);
  CHECK(attached->instance.connection.at("session") == "sbx_2");
  CHECK(life.sent() == Sent{wake});
}

TEST_CASE("vercel/attach: one whose files are lost is gone, in whatever words", "[unit][vercel]") {
  Life life;
  SECTION("it was not persistent") {
    life.found(stopped());
    CHECK(failsWith(test::run(life.lifecycle.attach(instance(), life.call)), Errc::gone, "not kept"));
    CHECK(life.sent() == Sent{look});
  }
  SECTION("its snapshot has expired") {
    life.refuse(GENERATE(400, 410), "snapshot_not_found");
    CHECK(failsWith(test::run(life.lifecycle.attach(instance(true), life.call)), Errc::gone));
  }
  SECTION("nobody knows it") {
    life.refuse(404, "not_found");
    CHECK(failsWith(test::run(life.lifecycle.attach(instance(true), life.call)), Errc::gone));
  }
}

TEST_CASE("vercel/attach: older files never pass for those that were lost", "[unit][vercel]") {
  Life life;
  auto shape = stopped();
  shape.snapshot = "snap_1";
  SECTION("the session that ended was not the one that was saved") {
    life.found(shape);
    CHECK(failsWith(test::run(life.lifecycle.attach(instance(), life.call)), Errc::gone));
    CHECK(life.sent() == Sent{look});
  }
  SECTION("it ended because a checkpoint was taken") {
    shape.snapshotted = true;
    life.found(shape);
    SandboxShape woken;
    woken.resumed = true;
    life.found(woken);
    const auto attached = test::run(life.lifecycle.attach(instance(), life.call));
    REQUIRE(ok(attached));
    CHECK(attached->woken);
    CHECK(life.sent() == Sent{look, wake});
  }
}

TEST_CASE("vercel/attach: a transition is waited out", "[unit][vercel]") {
  Life life;
  life.refuse(422, "sandbox_stopping");
  SandboxShape woken;
  woken.resumed = true;
  life.found(woken);
  REQUIRE(ok(test::run(life.lifecycle.attach(instance(true), life.call))));
  CHECK(life.sent() == Sent{wake, wake});
}

TEST_CASE("vercel/stop: stops the session that runs, not the one that ran", "[unit][vercel]") {
  Life life;
  SandboxShape shape;
  SECTION("one runs") {
    shape.session = GENERATE(as<std::string>{}, "sbx_1", "sbx_2");
    life.found(shape);
    life.wire->reply(200, R"({"session":{"id":"x","status":"stopped","timeout":1}})");
    REQUIRE(ok(test::run(life.lifecycle.stop(instance(), life.call))));
    CHECK(life.sent() == Sent{look, "POST /v2/sandboxes/sessions/" + shape.session + "/stop"});
  }
  SECTION("none runs") {
    life.found(stopped());
    REQUIRE(ok(test::run(life.lifecycle.stop(instance(), life.call))));
    CHECK(life.sent() == Sent{look});
  }
  SECTION("there is nothing any more") {
    life.refuse(404, "not_found");
    CHECK(failsWith(test::run(life.lifecycle.stop(instance(), life.call)), Errc::gone));
  }
}

TEST_CASE("vercel/destroy: fine when it is gone already", "[unit][vercel]") {
  Life life;
  life.refuse(404, "not_found");
  Instance byKey;
  byKey.provisionKey = "key-1";
  REQUIRE(ok(test::run(life.lifecycle.destroy(byKey, life.call))));
  CHECK(life.sent() == Sent{deletion});
  life.refuse(403, "forbidden");
  CHECK(failsWith(test::run(life.lifecycle.destroy(byKey, life.call)), Errc::permissionDenied));
}

TEST_CASE("vercel/list: by owner, page by page", "[unit][vercel]") {
  Life life;
  life.wire->reply(
      200, R"({"sandboxes":[)" + sandboxJson(SandboxShape()) + R"(],"pagination":{"count":1,"next":"abc"}})");
  auto page = test::run(life.lifecycle.list("owner", "", life.call));
  REQUIRE(ok(page));
  REQUIRE(page->instances.size() == 1);
  CHECK(page->instances.front().provisionKey == "key-1");
  CHECK(page->nextCursor == "abc");
  life.wire->reply(200, R"({"sandboxes":[],"pagination":{"count":0,"next":null}})");
  page = test::run(life.lifecycle.list("owner", "abc", life.call));
  REQUIRE(ok(page));
  CHECK(page->nextCursor.empty());
  CHECK(life.sent() == Sent{"GET /v2/sandboxes?project=prj_1&limit=50&tags=mooring%3Aowner",
                            "GET /v2/sandboxes?project=prj_1&limit=50&tags=mooring%3Aowner&cursor=abc"});
}

TEST_CASE("vercel/extend: adds what is missing, on the server's clock", "[unit][vercel]") {
  Life life;
  // Started at 12:00:00 for five minutes; the server says 12:03:00, so that two are left.
  const http::Headers date{{"Date", "Sat, 31 Jan 2026 12:03:00 GMT"}};
  life.wire->reply(
      200,
      R"({"session":{"id":"sbx_1","status":"running","timeout":300000,"startedAt":1769860800000}})",
      date);
  SECTION("more") {
    life.wire->reply(200, R"({"session":{"id":"sbx_1","status":"running","timeout":780000}})");
    REQUIRE(ok(test::run(life.lifecycle.extend(instance(), std::chrono::minutes(10), life.call))));
    CHECK(life.sent() ==
          Sent{"GET /v2/sandboxes/sessions/sbx_1", "POST /v2/sandboxes/sessions/sbx_1/extend-timeout"});
    CHECK(life.body(1) == R"({"duration":480000})");
  }
  SECTION("less than there is") {
    REQUIRE(ok(test::run(life.lifecycle.extend(instance(), std::chrono::minutes(1), life.call))));
    CHECK(life.wire->count() == 1);
  }
}

TEST_CASE("vercel/account: the token is in no message and no target", "[unit][vercel]") {
  Life life;
  life.found();
  REQUIRE(ok(life.provision()));
  CHECK(life.wire->sent(0).headers.get("Authorization") == "Bearer vcp_very-secret");
  CHECK(life.wire->sent(0).target.find("vcp_") == std::string::npos);
}
