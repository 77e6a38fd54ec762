// Making exactly one sandbox: what an emulator cannot show, because the wire has to fail at the right moment.
#include "creation.hpp"
#include "daytona_account.hpp"

#include <algorithm>

using namespace mooring;
using test::daytona::complaint;
using test::daytona::sandboxJson;
using test::daytona::Wire;
using Sent = std::vector<std::string>;

namespace {

const std::string post = "POST /sandbox";
const std::string byName = "GET /sandbox/key-1";
const std::string byId = "GET /sandbox/id-1";
const std::string deletion = "DELETE /sandbox/id-1";

Result<daytona::SandboxView> create(const Wire& wire, CallOptions call = CallOptions()) {
  daytona::Creation creation;
  creation.name = "key-1";
  creation.ownerTag = "owner";
  creation.body = R"({"name":"key-1"})";
  creation.limit = std::chrono::minutes(5);
  return test::run(createOnce(wire.account, std::move(creation), std::move(call)));
}

}  // namespace

TEST_CASE("daytona/create: one that stands ready costs one request", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("started"));
  const auto made = create(wire);
  REQUIRE(test::ok(made));
  CHECK(made->id == "id-1");
  CHECK(wire.sent() == Sent{post});
}

TEST_CASE("daytona/create: one that is on its way is looked at soon, then each second", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("creating"));
  for (int i = 0; i < 12; ++i)
    wire.wire->reply(200, sandboxJson(i < 6 ? "pulling_snapshot" : "starting"));
  wire.wire->reply(200, sandboxJson("started"));
  REQUIRE(test::ok(create(wire)));
  const auto& slept = wire.pause->slept;
  REQUIRE(slept.size() == 13);
  CHECK(slept.front() == std::chrono::milliseconds(50));
  CHECK(std::ranges::is_sorted(slept));
  CHECK(slept.back() == std::chrono::milliseconds(1000));
}

TEST_CASE("daytona/create: every doubt about a reply is settled by the name", "[unit][daytona]") {
  Wire wire;
  const auto doubt = GENERATE(as<std::string>{}, "lost", "408", "409", "500", "502", "503", "504", "cut");
  CAPTURE(doubt);
  if (doubt == "lost") {
    wire.loseReply();
  } else if (doubt == "cut") {
    wire.wire->reply(200, R"({"id":"id-)");
  } else {
    wire.wire->reply(std::stoi(doubt), complaint(std::stoi(doubt), "no"));
  }
  SECTION("it is there: adopted") {
    wire.wire->reply(200, sandboxJson("started"));
    const auto made = create(wire);
    REQUIRE(test::ok(made));
    CHECK(made->id == "id-1");
    CHECK(wire.sent() == Sent{post, byName});
  }
  SECTION("it is there, and on its way: adopted and awaited") {
    wire.wire->reply(200, sandboxJson("creating"));
    wire.wire->reply(200, sandboxJson("started"));
    REQUIRE(test::ok(create(wire)));
    CHECK(wire.sent() == Sent{post, byName, byId});
  }
  SECTION("it is there, and stopped meanwhile: started") {
    wire.wire->reply(200, sandboxJson("stopped"));
    wire.wire->reply(200, sandboxJson("started"));
    REQUIRE(test::ok(create(wire)));
    CHECK(wire.sent() == Sent{post, byName, "POST /sandbox/id-1/start"});
  }
  SECTION("it is not there: asked for again under the same name") {
    wire.wire->reply(404, complaint(404, "not found"));
    wire.wire->reply(200, sandboxJson("started"));
    REQUIRE(test::ok(create(wire)));
    CHECK(wire.sent() == Sent{post, byName, post});
    CHECK(*wire.wire->sent(0).body.text() == *wire.wire->sent(2).body.text());
  }
  SECTION("the look fails once: looked at again") {
    wire.wire->reply(400, complaint(400, "odd"));
    wire.wire->reply(200, sandboxJson("started"));
    if (doubt == "409") return;  // Enough of these.
    const auto made = create(wire);
    CHECK(test::failsWith(made, Errc::outcomeUnknown));  // A 400 is no passing trouble.
  }
  SECTION("it cannot be looked at: unknown, and asked for no more") {
    for (int i = 0; i < 40; ++i)
      wire.wire->reply(503, complaint(503, "maintenance"));
    const auto made = create(wire);
    CHECK(test::failsWith(made, Errc::outcomeUnknown));
    const auto sent = wire.sent();
    CHECK(std::ranges::count(sent, post) == 1);
  }
}

TEST_CASE("daytona/create: a name that is taken by somebody else is left alone", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(409, complaint(409, "Sandbox with name key-1 already exists"));
  auto theirs = sandboxJson("started");
  theirs.replace(theirs.find("owner"), 5, "other");
  wire.wire->reply(200, theirs);
  CHECK(test::failsWith(create(wire), Errc::conflict, "key-1"));
  CHECK(wire.sent() == Sent{post, byName});
}

TEST_CASE("daytona/create: what never gets an answer ends as unknown, never as two", "[unit][daytona]") {
  Wire wire;
  for (int i = 0; i < 4; ++i) {
    wire.loseReply();
    wire.wire->reply(404, complaint(404, "not found"));
  }
  CHECK(test::failsWith(create(wire), Errc::outcomeUnknown));
  CHECK(wire.wire->count() == 8);
}

TEST_CASE("daytona/create: a refusal is final and costs nothing more", "[unit][daytona]") {
  struct Row {
    int status;
    const char* message;
    Errc code;
  };
  const auto row = GENERATE(values<Row>({
      {400, "Snapshot x not found. Did you add it through the Daytona Dashboard?", Errc::invalidArgument},
      {400, "Total memory limit exceeded. Maximum allowed: 10.", Errc::quotaExceeded},
      {401, "Invalid credentials", Errc::unauthenticated},
      {403, "Organization is suspended", Errc::permissionDenied},
      {404, "Region not found", Errc::notFound},
  }));
  Wire wire;
  wire.wire->reply(row.status, complaint(row.status, row.message));
  CHECK(test::failsWith(create(wire), row.code, row.message));
  CHECK(wire.sent() == Sent{post});
}

TEST_CASE("daytona/create: one that fails to start is deleted and made once more", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(400, complaint(400, "Sandbox failed to start: no luck"));
  wire.wire->reply(200, sandboxJson("error", R"(,"errorReason":"no luck")"));
  wire.wire->reply(200, sandboxJson("destroying"));
  SECTION("and starts then") {
    wire.wire->reply(200, sandboxJson("started"));
    REQUIRE(test::ok(create(wire)));
    CHECK(wire.sent() == Sent{post, byName, deletion, post});
  }
  SECTION("and fails again: deleted, and said so") {
    wire.wire->reply(200, sandboxJson("creating"));
    wire.wire->reply(200, sandboxJson("error", R"(,"errorReason":"no luck at all")"));
    wire.wire->reply(200, sandboxJson("destroying"));
    CHECK(test::failsWith(create(wire), Errc::unavailable, "no luck at all"));
    CHECK(wire.sent() == Sent{post, byName, deletion, post, byId, deletion});
  }
  SECTION("and cannot be deleted the second time: it may stand") {
    wire.wire->reply(200, sandboxJson("error"));
    wire.wire->reply(403, complaint(403, "Access denied"));
    CHECK(test::failsWith(create(wire), Errc::outcomeUnknown));
  }
}

TEST_CASE("daytona/create: an image that cannot be built is not tried twice", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("pending_build"));
  wire.wire->reply(200, sandboxJson("building_snapshot"));
  wire.wire->reply(200, sandboxJson("build_failed", R"(,"errorReason":"no such package")"));
  wire.wire->reply(200, sandboxJson("destroying"));
  CHECK(test::failsWith(create(wire), Errc::invalidArgument, "no such package"));
  CHECK(wire.sent().back() == deletion);
}

TEST_CASE("daytona/create: a 502 while waiting neither fails it nor leaks it", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("creating"));
  SECTION("once") {
    for (int i = 0; i < 4; ++i)
      wire.wire->reply(502);
    wire.wire->reply(200, sandboxJson("started"));
    CHECK(test::ok(create(wire)));
  }
  SECTION("an unreadable reply") {
    wire.wire->reply(200, "<html>");
    wire.wire->reply(200, sandboxJson("started"));
    CHECK(test::ok(create(wire)));
  }
  SECTION("without end: it stands, so that is what is said") {
    for (int i = 0; i < 40; ++i)
      wire.wire->reply(502);
    CHECK(test::failsWith(create(wire), Errc::outcomeUnknown));
  }
  SECTION("a key that was revoked meanwhile") {
    wire.wire->reply(401, complaint(401, "Invalid credentials"));
    CHECK(test::failsWith(create(wire), Errc::outcomeUnknown, "Invalid credentials"));
  }
}

TEST_CASE("daytona/create: a stale 404 after the creation is looked at twice", "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("creating"));
  wire.wire->reply(404, complaint(404, "not found"));
  SECTION("it was stale") {
    wire.wire->reply(200, sandboxJson("started"));
    CHECK(test::ok(create(wire)));
  }
  SECTION("it was true") {
    wire.wire->reply(404, complaint(404, "not found"));
    CHECK(test::failsWith(create(wire), Errc::unavailable, "destroyed"));
  }
}

TEST_CASE("daytona/create: what takes longer than the limit says so and is left as it is",
          "[unit][daytona]") {
  Wire wire;
  wire.wire->reply(200, sandboxJson("creating"));
  for (int i = 0; i < 400; ++i)
    wire.wire->reply(200, sandboxJson("pulling_snapshot"));
  CHECK(test::failsWith(create(wire), Errc::deadlineExceeded, "pulling_snapshot"));
  const auto sent = wire.sent();
  CHECK(std::ranges::count(sent, deletion) == 0);
}
