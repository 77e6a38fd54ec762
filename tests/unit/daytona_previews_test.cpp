#include <mooring/daytona/native.hpp>

#include "apis.hpp"
#include "daytona_account.hpp"
#include "native_calls.hpp"

#include <boost/json/parse.hpp>

using namespace mooring;
using test::daytona::complaint;
using test::daytona::instance;
using test::daytona::sandboxJson;
using test::daytona::Wire;

namespace {

constexpr const char* linkJson =
    R"({"sandboxId":"id-1","url":"https://8080-id-1.preview.test","token":"secret-token"})";

struct Ports : Wire {
  daytona::Previews previews{account};
  CallOptions call;
  Result<bool> answers() { return test::run(previews.answers(instance(), 8080, call)); }
};

daytona::Native nativeOf(const Wire& wire) {
  return std::any_cast<daytona::Native>(daytona::nativeFor(wire.account, instance()));
}

}  // namespace

TEST_CASE("daytona/previews: the token travels in a header, never in the address", "[unit][daytona]") {
  Ports ports;
  ports.wire->reply(200, linkJson);
  const auto preview = test::run(ports.previews.url(instance(), 8080, ports.call));
  REQUIRE(test::ok(preview));
  CHECK(preview->url == "https://8080-id-1.preview.test");
  REQUIRE(preview->headers.contains("X-Daytona-Preview-Token"));
  CHECK(preview->headers.at("X-Daytona-Preview-Token").reveal() == "secret-token");
  CHECK(ports.sent(0) == "GET /sandbox/id-1/ports/8080/preview-url");
}

TEST_CASE("daytona/previews: a sandbox that is not there is gone, a port that is none refused",
          "[unit][daytona]") {
  Ports ports;
  ports.wire->reply(404, complaint(404, "not found"));
  CHECK(test::failsWith(test::run(ports.previews.url(instance(), 8080, ports.call)), Errc::gone));
  CHECK(test::failsWith(test::run(ports.previews.url(instance(), 0, ports.call)), Errc::invalidArgument));
  CHECK(ports.wire->count() == 1);
}

TEST_CASE("daytona/previews: asking a port shows it no credential of the account's", "[unit][daytona]") {
  Ports ports;
  ports.wire->reply(200, linkJson);
  ports.wire->reply(200, "hello");
  const auto answer = ports.answers();
  REQUIRE(test::ok(answer));
  CHECK(*answer);
  const auto& asked = ports.wire->sent(1);
  CHECK(asked.target == "https://8080-id-1.preview.test");
  CHECK(asked.headers.get("X-Daytona-Preview-Token") == "secret-token");
  CHECK_FALSE(asked.headers.contains("Authorization"));
  CHECK_FALSE(asked.headers.contains("X-Daytona-Organization-ID"));
}

TEST_CASE("daytona/previews: what speaks is told from what does not", "[unit][daytona]") {
  Ports ports;
  ports.wire->reply(200, linkJson);
  SECTION("an application's own error is an answer") {
    ports.wire->reply(GENERATE(404, 401, 500), "mine");
    CHECK(ports.answers() == true);
  }
  SECTION("nobody listens") {
    ports.wire->reply(GENERATE(502, 503, 504));
    CHECK(ports.answers() == false);
  }
  SECTION("nothing on the wire") {
    ports.wire->fail(makeError(Errc::unavailable, "refused"));
    CHECK(ports.answers() == false);
  }
  SECTION("the sandbox sleeps") {
    ports.wire->reply(400, complaint(400, "bad request: failed to get runner info: no runner"));
    ports.wire->reply(200, sandboxJson("stopped"));
    CHECK(test::failsWith(ports.answers(), Errc::notRunning));
  }
}

TEST_CASE("daytona/native: signed links hold what is secret as secrets, and expire", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200,
                   R"({"sandboxId":"id-1","port":8080,"token":"abc","url":"https://8080-abc.preview.test"})");
  const auto native = nativeOf(wire);
  const auto preview = native.signedPreview(8080, std::chrono::seconds(90)).get();
  REQUIRE(test::ok(preview));
  CHECK(preview->url.reveal() == "https://8080-abc.preview.test");
  CHECK(preview->expiresAt == test::FakeClock::start() + std::chrono::seconds(90));
  CHECK(wire.sent(0) == "GET /sandbox/id-1/ports/8080/signed-preview-url?expiresInSeconds=90");

  wire.wire->reply(201);
  REQUIRE(test::ok(native.expireSignedPreview(8080, preview->token).get()));
  CHECK(wire.sent(1) == "POST /sandbox/id-1/ports/8080/signed-preview-url/abc/expire");
  CHECK(wire.wire->sent(1).route.find("abc") == std::string::npos);

  CHECK(test::failsWith(native.signedPreview(8080, std::chrono::seconds(0)).get(), Errc::invalidArgument));
  CHECK(test::failsWith(native.signedPreview(8080, std::chrono::hours(25)).get(), Errc::invalidArgument));
}

TEST_CASE("daytona/native: setting labels keeps the ones that mooring lives by", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("started"));
  wire.wire->reply(200, sandboxJson("started"));
  const auto native = nativeOf(wire);
  REQUIRE(test::ok(native.setLabels({{"team", "a"}}).get()));
  CHECK(wire.sent(1) == "PUT /sandbox/id-1/labels");
  CHECK(boost::json::parse(*wire.wire->sent(1).body.text()) ==
        boost::json::parse(R"({"labels":{"mooring":"owner","team":"a"}})"));
  CHECK(test::failsWith(native.setLabels({{"mooring", "x"}}).get(), Errc::invalidArgument, "mooring"));
}

TEST_CASE("daytona/native: snapshots come from all pages", "[unit][daytona]") {
  Wire wire;
  const auto page = [](int number) {
    return R"({"items":[{"id":"s)" + std::to_string(number) +
           R"(","name":"n","state":"active"}],"total":2,"page":)" + std::to_string(number) +
           R"(,"totalPages":2})";
  };
  wire.wire->reply(200, page(1));
  wire.wire->reply(200, page(2));
  const auto snapshots = nativeOf(wire).snapshots().get();
  REQUIRE(test::ok(snapshots));
  REQUIRE(snapshots->size() == 2);
  CHECK(snapshots->back().id == "s2");
}

TEST_CASE("daytona/native: git's refusals become codes, its credential no message", "[unit][daytona]") {
  struct Row {
    int status;
    const char* body;
    Errc code;
  };
  const auto row = GENERATE(values<Row>({
      {401,
       R"({"source":"DAYTONA_DAEMON","code":"GIT_AUTH_FAILED","message":"auth"})",
       Errc::permissionDenied},
      {404, R"({"source":"DAYTONA_DAEMON","code":"GIT_REPO_NOT_FOUND","message":"no repo"})", Errc::notFound},
      {409, R"({"source":"DAYTONA_DAEMON","code":"GIT_DIRTY_WORKTREE","message":"dirty"})", Errc::conflict},
  }));
  Wire wire;
  wire.wire->reply(row.status, row.body);
  daytona::GitClone clone;
  clone.url = "https://git.test/r";
  clone.path = "r";
  clone.credential = daytona::GitCredential{"me", Secret("git-secret")};
  const auto cloned = nativeOf(wire).gitClone(clone).get();
  CHECK(test::failsWith(cloned, row.code));
  CHECK(describe(cloned.error()).find("git-secret") == std::string::npos);
  CHECK(wire.wire->count() == 1);
}

TEST_CASE("daytona/native: git's answers are read", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200,
                   R"({"currentBranch":"main","ahead":1,"behind":0,"branchPublished":true,)"
                   R"("fileStatus":[{"name":"f","staging":"Added","worktree":"Unmodified","extra":""}]})");
  const auto native = nativeOf(wire);
  const auto status = native.gitStatus("a b").get();
  REQUIRE(test::ok(status));
  CHECK(status->branch == "main");
  CHECK(status->ahead == 1);
  REQUIRE(status->files.size() == 1);
  CHECK(status->files.front().staging == "Added");
  CHECK(wire.sent(0) == "GET https://proxy.test/toolbox/id-1/git/status?path=a%20b");

  wire.wire->reply(200, R"({"hash":"c0ffee"})");
  const auto hash = native.gitCommit("r", {.message = "m", .author = "a", .email = "e"}).get();
  REQUIRE(test::ok(hash));
  CHECK(*hash == "c0ffee");
}
