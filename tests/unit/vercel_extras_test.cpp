// Previews, volumes, checkpoints and the doctor.
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

const std::string look = "GET /v2/sandboxes/key-1?projectId=prj_1&resume=false";
const std::string wake = "GET /v2/sandboxes/key-1?projectId=prj_1&resume=true";
const std::string change = "PATCH /v2/sandboxes/key-1?projectId=prj_1";

std::string snapshot(const std::string& id, const std::string& more = std::string()) {
  return R"({"id":")" + id +
         R"(","sourceSessionId":"sbx_1","region":"iad1","status":"created","sizeBytes":5,)" +
         R"("createdAt":1769860800000,"updatedAt":1769860800000)" + more + "}";
}

}  // namespace

TEST_CASE("vercel/previews: a declared port has its URL without a request", "[unit][vercel]") {
  Wire wire;
  vercel::Previews previews(wire.account);
  const auto preview = test::run(previews.url(instance(), 3000, CallOptions()));
  REQUIRE(ok(preview));
  CHECK(preview->url == "https://sb-1.vercel.run");
  CHECK(preview->headers.empty());
  CHECK(failsWith(test::run(previews.url(instance(), 8080, CallOptions())), Errc::invalidArgument, "3000"));
  CHECK(wire.wire->count() == 0);
}

TEST_CASE("vercel/previews: what the edge says is no answer of the port's", "[unit][vercel]") {
  Wire wire;
  vercel::Previews previews(wire.account);
  const auto answers = [&] {
    auto result = test::run(previews.answers(instance(), 3000, CallOptions()));
    REQUIRE(ok(result));
    return *result;
  };
  wire.wire->reply(502, "SANDBOX_NOT_LISTENING");
  CHECK_FALSE(answers());
  wire.wire->reply(410, "", {{"X-Vercel-Error", "SANDBOX_STOPPED"}});
  CHECK_FALSE(answers());
  wire.wire->reply(404, "its own page");
  CHECK(answers());
  wire.wire->reply(200, "SANDBOX_NOT_LISTENING");
  CHECK(answers());
  wire.wire->fail(makeError(Errc::unavailable, "refused"));
  CHECK_FALSE(answers());
  CHECK_FALSE(wire.wire->sent(0).headers.contains("Authorization"));
}

TEST_CASE("vercel/volumes: drives by name", "[unit][vercel]") {
  Wire wire;
  vercel::Volumes volumes(wire.account);
  wire.wire->reply(200, R"({"drive":{"name":"data","region":"iad1"}})");
  const auto made = test::run(volumes.ensure("data", CallOptions()));
  REQUIRE(ok(made));
  CHECK(made->name == "data");
  wire.wire->reply(200, R"({"drives":[{"name":"a"}],"pagination":{"count":1,"next":"n"}})");
  wire.wire->reply(200, R"({"drives":[{"name":"b"}],"pagination":{"count":1,"next":null}})");
  const auto all = test::run(volumes.list(CallOptions()));
  REQUIRE(ok(all));
  CHECK(all->size() == 2);
  wire.refuse(409, "conflict");
  CHECK(failsWith(test::run(volumes.remove("data", CallOptions())), Errc::conflict));
  wire.refuse(404, "not_found");
  CHECK(failsWith(test::run(volumes.remove("data", CallOptions())), Errc::notFound));
  CHECK(failsWith(test::run(volumes.ensure("a.b", CallOptions())), Errc::invalidArgument, "a.b"));
  CHECK(wire.wire->count() == 5);
}

TEST_CASE("vercel/checkpoints: taking one names the snapshot as what comes next", "[unit][vercel]") {
  Wire wire;
  vercel::Checkpoints checkpoints(wire.account);
  wire.wire->reply(200, replyJson());
  wire.wire->reply(201,
                   R"({"snapshot":)" + snapshot("snap_123456") +
                       R"(,"session":{"id":"sbx_1","status":"stopped","timeout":1}})");
  wire.wire->reply(200, R"({"sandbox":)" + sandboxJson(SandboxShape()) + "}");
  const auto made = test::run(checkpoints.create(instance(), "before", CallOptions()));
  REQUIRE(ok(made));
  CHECK(made->id.value == "snap_123456");
  CHECK(made->comment == "before");
  CHECK(wire.sent() == Sent{look, "POST /v2/sandboxes/sessions/sbx_1/snapshot", change});
  CHECK(wire.body(1) == R"({"expiration":0})");
  CHECK(boost::json::parse(wire.body(2)) ==
        boost::json::parse(R"({"currentSnapshotId":"snap_123456",)"
                           R"("tags":{"mooring":"owner","mooring-checkpoints":"123456:before"}})"));
}

TEST_CASE("vercel/checkpoints: a comment that does not fit is refused before anything stops",
          "[unit][vercel]") {
  Wire wire;
  vercel::Checkpoints checkpoints(wire.account);
  wire.wire->reply(200, replyJson());
  CHECK(failsWith(test::run(checkpoints.create(instance(), std::string(300, 'x'), CallOptions())),
                  Errc::quotaExceeded,
                  "comment"));
  CHECK(wire.sent() == Sent{look});
}

TEST_CASE("vercel/checkpoints: restoring begins anew from the snapshot, under the same name",
          "[unit][vercel]") {
  Wire wire;
  vercel::Checkpoints checkpoints(wire.account);
  wire.wire->reply(200, R"({"snapshot":)" + snapshot("snap_1") + "}");
  wire.wire->reply(200, replyJson());
  wire.wire->reply(200,
                   R"({"session":{"id":"sbx_1","status":"stopped","timeout":1},"sandbox":)" +
                       sandboxJson(SandboxShape()) + "}");
  wire.wire->reply(200, R"({"sandbox":)" + sandboxJson(SandboxShape()) + "}");
  SandboxShape woken;
  woken.session = "sbx_2";
  woken.resumed = true;
  wire.wire->reply(200, replyJson(woken));
  const auto restored = test::run(checkpoints.restore(instance(), CheckpointId("snap_1"), CallOptions()));
  REQUIRE(ok(restored));
  CHECK(restored->id.value == "key-1");
  CHECK(restored->connection.at("session") == "sbx_2");
  CHECK(wire.sent() == Sent{"GET /v2/sandboxes/snapshots/snap_1",
                            look,
                            "POST /v2/sandboxes/sessions/sbx_1/stop",
                            change,
                            wake});
}

TEST_CASE("vercel/checkpoints: an unknown or deleted one changes nothing", "[unit][vercel]") {
  Wire wire;
  vercel::Checkpoints checkpoints(wire.account);
  SECTION("unknown") { wire.refuse(404, "not_found"); }
  SECTION("deleted") {
    wire.wire->reply(200, R"({"snapshot":{"id":"snap_1","status":"deleted","createdAt":1}})");
  }
  CHECK(failsWith(test::run(checkpoints.restore(instance(), CheckpointId("snap_1"), CallOptions())),
                  Errc::notFound));
  CHECK(wire.wire->count() == 1);
  CHECK(failsWith(test::run(checkpoints.restore(instance(), CheckpointId("../x"), CallOptions())),
                  Errc::notFound));
  CHECK(wire.wire->count() == 1);
}

TEST_CASE("vercel/checkpoints: automatic snapshots are not checkpoints", "[unit][vercel]") {
  Wire wire;
  vercel::Checkpoints checkpoints(wire.account);
  wire.wire->reply(200, replyJson());
  wire.wire->reply(200,
                   R"({"snapshots":[)" + snapshot("snap_1", R"(,"creationMethod":"manual")") + "," +
                       snapshot("snap_2", R"(,"creationMethod":"automatic")") +
                       R"(],"pagination":{"count":2,"next":null}})");
  const auto all = test::run(checkpoints.list(instance(), CallOptions()));
  REQUIRE(ok(all));
  REQUIRE(all->size() == 1);
  CHECK(all->front().id.value == "snap_1");
  CHECK(all->front().sizeBytes == 5);
}

TEST_CASE("vercel/doctor: says who answers, and what to do where nobody does", "[unit][vercel]") {
  Wire wire;
  wire.wire->reply(200, R"({"sandboxes":[],"pagination":{"count":0,"next":null}})");
  auto findings = test::run(vercel::examine(wire.account, CallOptions()));
  REQUIRE(ok(findings));
  CHECK(findings->back().good);
  CHECK(findings->back().what.find("prj_1") != std::string::npos);

  wire.wire->reply(403, R"({"error":{"code":"forbidden","message":"Not authorized","invalidToken":true}})");
  findings = test::run(vercel::examine(wire.account, CallOptions()));
  REQUIRE(ok(findings));
  CHECK_FALSE(findings->back().good);
  CHECK(findings->back().fix.find("SANDBOX_VERCEL_TOKEN") != std::string::npos);
}
