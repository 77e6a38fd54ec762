#include "daytona_account.hpp"
#include "toolbox.hpp"

using namespace mooring;
using test::daytona::complaint;
using test::daytona::instance;
using test::daytona::sandboxJson;
using test::daytona::Wire;

namespace {

Result<http::Response> call(const Wire& wire, http::Method method = http::Method::post) {
  http::Request request;
  request.method = method;
  request.target = "/process/execute";
  return test::run(callToolbox(wire.account, instance(), std::move(request)));
}

constexpr const char* noAddress =
    "bad request: failed to resolve container IP after 3 attempts: no IP address found. Is the Sandbox "
    "started?";
constexpr const char* noToken = "unauthorized: authentication failed: Bearer token is invalid";

}  // namespace

TEST_CASE("daytona/toolbox: a warm call is one request, with what a record keeps", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, "{}");
  const auto response = call(wire);
  REQUIRE(test::ok(response));
  REQUIRE(wire.wire->count() == 1);
  const auto& request = wire.wire->sent(0);
  CHECK(request.target == "https://proxy.test/toolbox/id-1/process/execute");
  CHECK(request.headers.get("Authorization") == std::string("Bearer ") + test::daytona::key);
  CHECK(request.headers.get("X-Daytona-SDK-Version").value_or("") >= "0.167.0");
}

TEST_CASE("daytona/toolbox: without a stored address the control plane is asked for it", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("started"));
  auto stored = instance();
  stored.connection.clear();
  const auto base = test::run(daytona::toolboxOf(wire.account, stored));
  REQUIRE(test::ok(base));
  CHECK(*base == "https://proxy.test/toolbox/id-1");
  CHECK(wire.sent() == std::vector<std::string>{"GET /sandbox/id-1"});
}

TEST_CASE("daytona/toolbox: what a failure means is looked up, never guessed", "[unit][daytona]") {
  struct Row {
    int status;
    const char* message;
    int lookStatus;
    const char* state;
    Errc code;
  };
  const auto row = GENERATE(values<Row>({
      {400, noAddress, 200, "stopped", Errc::notRunning},
      {400, noAddress, 200, "archived", Errc::notRunning},
      {400, noAddress, 200, "stopping", Errc::notRunning},
      {400, noAddress, 200, "destroying", Errc::gone},
      {400, noAddress, 200, "started", Errc::unavailable},
      {400, noAddress, 404, "", Errc::gone},
      {401, noToken, 404, "", Errc::gone},
      {401, noToken, 401, "", Errc::unauthenticated},
      {401, noToken, 403, "", Errc::permissionDenied},
      {401, noToken, 503, "", Errc::unavailable},
      {401, noToken, 200, "started", Errc::unavailable},
      {401, noToken, 200, "error", Errc::unavailable},
      {404, "not found: sandbox container not found: x", 200, "archived", Errc::notRunning},
      {404, "not found: sandbox container not found: x", 404, "", Errc::gone},
      {502, "", 200, "started", Errc::outcomeUnknown},
      {502, "", 200, "stopped", Errc::outcomeUnknown},
      {502, "", 404, "", Errc::outcomeUnknown},
  }));
  CAPTURE(row.status, row.message, row.lookStatus, row.state);
  Wire wire;
  wire.wire->reply(row.status, row.message[0] == '\0' ? "" : complaint(row.status, row.message));
  const int looks = row.lookStatus == 503 ? 4 : 1;  // A look may be repeated; the call itself is not.
  for (int i = 0; i < looks; ++i)
    wire.wire->reply(row.lookStatus,
                     row.lookStatus == 200 ? sandboxJson(row.state) : complaint(row.lookStatus, "no"));
  const auto response = call(wire);
  CHECK(test::failsWith(response, row.code));
  CHECK(wire.sent(1) == "GET /sandbox/id-1");
  CHECK(describe(response.error()).find(test::daytona::key) == std::string::npos);
}

TEST_CASE("daytona/toolbox: a safe request through a 502 says how the sandbox stands", "[unit][daytona]") {
  Wire wire;
  for (int i = 0; i < 4; ++i)
    wire.wire->reply(502);
  SECTION("started") {
    wire.wire->reply(200, sandboxJson("started"));
    CHECK(test::failsWith(call(wire, http::Method::get), Errc::unavailable));
  }
  SECTION("stopped") {
    wire.wire->reply(200, sandboxJson("stopped"));
    CHECK(test::failsWith(call(wire, http::Method::get), Errc::notRunning));
  }
  SECTION("gone") {
    wire.wire->reply(404, complaint(404, "not found"));
    CHECK(test::failsWith(call(wire, http::Method::get), Errc::gone));
  }
}

TEST_CASE("daytona/toolbox: what the daemon itself refuses comes back as it is", "[unit][daytona]") {
  Wire wire;
  SECTION("it says so: no look is needed") {
    wire.wire->reply(404, R"({"source":"DAYTONA_DAEMON","code":"FILE_NOT_FOUND","message":"no such file"})");
    const auto response = call(wire);
    REQUIRE(test::ok(response));
    CHECK(response->status == 404);
    CHECK(wire.wire->count() == 1);
  }
  SECTION("unless it is the way there that speaks in its name") {
    wire.wire->reply(
        400,
        R"({"source":"DAYTONA_DAEMON","code":"BAD_REQUEST","message":"failed to resolve container IP"})");
    wire.wire->reply(200, sandboxJson("stopped"));
    CHECK(test::failsWith(call(wire), Errc::notRunning));
  }
  SECTION("an older one says nothing, but the sandbox runs") {
    wire.wire->reply(404);
    wire.wire->reply(200, sandboxJson("started"));
    const auto response = call(wire);
    REQUIRE(test::ok(response));
    CHECK(response->status == 404);
    CHECK(wire.wire->count() == 2);
  }
  SECTION("other statuses need no look") {
    const int status = GENERATE(403, 408, 409, 410, 500);
    wire.wire->reply(status);
    const auto response = call(wire);
    REQUIRE(test::ok(response));
    CHECK(response->status == status);
    CHECK(wire.wire->count() == 1);
  }
}

TEST_CASE("daytona/toolbox: an unknown state stays unknown", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(401, complaint(401, noToken));
  wire.wire->reply(200, sandboxJson("levitating"));
  CHECK(test::failsWith(call(wire), Errc::corrupted, "levitating"));
}
