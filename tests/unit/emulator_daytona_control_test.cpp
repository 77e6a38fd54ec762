#include <mooring/http/url.hpp>

#include "emulator_daytona_cloud.hpp"

namespace mooring::test {

using emulation::FaultAction;

namespace {

const std::string getBox = R"(GET /api/sandbox/\{sandboxIdOrName\})";

}  // namespace

TEST_CASE("daytona emulator: a sandbox's life, with the answers of the cloud", "[unit][emulation][daytona]") {
  Cloud cloud;
  const auto made = cloud.post("/api/sandbox", R"({"name": "box", "labels": {"a": "b"}})");
  CHECK(made.status == 200);
  CHECK(made.text("state") == "creating");
  CHECK(made.text("toolboxProxyUrl") == cloud.host->url() + "/toolbox");
  const auto id = made.text("id");
  CHECK(cloud.get("/api/sandbox/box").text("state") == "started");
  CHECK(cloud.get("/api/sandbox/" + id).text("name") == "box");
  const auto twice = cloud.post("/api/sandbox", R"({"name": "box"})");
  CHECK(twice.status == 409);
  CHECK(twice.text("message") == "Sandbox with name box already exists");
  CHECK(cloud.post("/api/sandbox/box/archive").status == 400);
  CHECK(cloud.post("/api/sandbox/box/stop").text("state") == "stopping");
  CHECK(cloud.post("/api/sandbox/box/stop").status == 400);
  CHECK(cloud.post("/api/sandbox/box/archive").text("state") == "archiving");
  CHECK(cloud.get("/api/sandbox/box").text("state") == "archived");
  CHECK(cloud.post("/api/sandbox/box/start").status == 200);
  CHECK(cloud.get("/api/sandbox/box").text("state") == "started");
  CHECK(cloud.remove("/api/sandbox/box").text("state") == "destroying");
  CHECK(cloud.get("/api/sandbox/box").status == 404);
  CHECK(cloud.get("/api/sandbox/" + id).text("message") == "Sandbox with ID or name " + id + " not found");
  CHECK(cloud.host->ledger().livingSandboxes().empty());
  CHECK(cloud.host->ledger().createdSandboxes() == std::vector{id});
}

TEST_CASE("daytona emulator: an ephemeral one ends when it is stopped, and frees its name",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.post("/api/sandbox", R"({"name": "box", "autoDeleteInterval": 0})");
  CHECK(cloud.post("/api/sandbox/box/stop").text("state") == "destroying");
  CHECK(cloud.get("/api/sandbox/box").status == 404);
  CHECK(cloud.post("/api/sandbox", R"({"name": "box"})").status == 200);
}

TEST_CASE("daytona emulator: slow transitions are seen for some looks, and by the clock",
          "[unit][emulation][daytona]") {
  Cloud cloud(Values{{"looks", "1"}, {"delayMs", "1000"}});
  cloud.post("/api/sandbox", R"({"name": "box"})");
  CHECK(cloud.get("/api/sandbox/box").text("state") == "creating");
  CHECK(cloud.get("/api/sandbox/box").text("state") == "creating");
  CHECK(cloud.post("/api/sandbox/box/stop").text("message") == "Sandbox state change in progress");
  cloud.clock->advance(std::chrono::seconds(1));
  CHECK(cloud.get("/api/sandbox/box").text("state") == "started");
  CHECK(cloud.remove("/api/sandbox/box").status == 200);
  CHECK(cloud.get("/api/sandbox/box").status == 404);
}

TEST_CASE("daytona emulator: from a warm pool a creation is started at once", "[unit][emulation][daytona]") {
  Cloud cloud(Values{{"warm", "true"}});
  CHECK(cloud.post("/api/sandbox", R"({})").text("state") == "started");
  CHECK(cloud.post("/api/sandbox", R"({"env": {"A": "b"}})").text("state") == "creating");
}

TEST_CASE("daytona emulator: a build goes through its stages, or fails by its Dockerfile",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  const auto made = cloud.post(
      "/api/sandbox", R"({"name": "box", "cpu": 2, "buildInfo": {"dockerfileContent": "FROM debian:12\n"}})");
  CHECK(made.text("state") == "pending_build");
  CHECK(made.text("cpu") == "2");
  CHECK(cloud.get("/api/sandbox/box").text("state") == "started");
  cloud.post("/api/sandbox", R"({"name": "bad", "buildInfo": {"dockerfileContent": "RUN true\n"}})");
  const auto failed = cloud.get("/api/sandbox/bad");
  CHECK(failed.text("state") == "build_failed");
  CHECK(failed.text("errorReason").find("no FROM") != std::string::npos);
  CHECK(cloud.remove("/api/sandbox/bad").status == 200);
}

TEST_CASE("daytona emulator: credentials", "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.key = "";
  CHECK(cloud.get("/api/sandbox").text("message") == "Invalid credentials");
  cloud.key = "wrong";
  CHECK(cloud.get("/api/sandbox").status == 401);
  cloud.key = "aa.bb.cc";
  CHECK(cloud.get("/api/sandbox").status == 403);
  CHECK(cloud.get("/api/config").status == 200);
}

TEST_CASE("daytona emulator: what is not in the API description is refused by name",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  const auto [body, said] = GENERATE(table<const char*, const char*>({
      {R"({"colour": "blue"})", "colour"},
      {R"({"autoStopInterval": "soon"})", "autoStopInterval"},
      {R"({"autoStopInterval": -1})", "autoStopInterval"},
      {R"({"volumes": [{"volumeId": "v"}]})", "mountPath"},
      {R"({"cpu": 2})", "Cannot specify Sandbox resources when using a snapshot"},
      {R"({"snapshot": "none"})", "Snapshot none not found"},
      {R"({"cpu": 8, "buildInfo": {"dockerfileContent": "FROM x"}})", "exceeds maximum allowed per sandbox"},
      {R"({"env": )", "not JSON"},
  }));
  const auto refused = cloud.post("/api/sandbox", body);
  CHECK(refused.status == 400);
  CHECK(refused.text("message").find(said) != std::string::npos);
  CHECK(cloud.get("/api/sandbox?colour=blue").status == 400);
  CHECK(cloud.get("/api/sandbox?states=asleep").status == 400);
}

TEST_CASE("daytona emulator: what changes behind the client's back", "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.post("/api/sandbox", R"({"name": "box"})");
  SECTION("stopped") {
    cloud.rule(FaultAction::disturb, getBox, "stopped");
    CHECK(cloud.get("/api/sandbox/box").text("state") == "stopped");
    CHECK(cloud.post("/api/sandbox/box/start").text("state") == "started");
  }
  SECTION("archived") {
    cloud.rule(FaultAction::disturb, getBox, "archived");
    CHECK(cloud.get("/api/sandbox/box").text("state") == "archived");
    CHECK(cloud.post("/api/sandbox/box/start").status == 200);
  }
  SECTION("failed for good") {
    cloud.rule(FaultAction::disturb, getBox, "error");
    CHECK(cloud.get("/api/sandbox/box").text("recoverable") == "false");
    CHECK(cloud.post("/api/sandbox/box/start").status == 400);
    CHECK(cloud.post("/api/sandbox/box/recover").status == 400);
    CHECK(cloud.remove("/api/sandbox/box").status == 200);
  }
  SECTION("failed, and recoverable") {
    cloud.rule(FaultAction::disturb, getBox, "recoverable");
    CHECK(cloud.get("/api/sandbox/box").text("recoverable") == "true");
    CHECK(cloud.post("/api/sandbox/box/recover").text("state") == "started");
  }
  SECTION("gone") {
    cloud.rule(FaultAction::disturb, getBox, "gone");
    CHECK(cloud.get("/api/sandbox/box").status == 404);
    CHECK(cloud.host->ledger().livingSandboxes().empty());
  }
  SECTION("a state that it does not know") {
    cloud.rule(FaultAction::disturb, getBox, "bored");
    CHECK(cloud.get("/api/sandbox/box").text("message").find("bored") != std::string::npos);
  }
}

TEST_CASE("daytona emulator: a state can be set from outside, without a key", "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.post("/api/sandbox", R"({"name": "box"})");
  cloud.key = "";
  CHECK(cloud.post("/__emulator/sandboxes/box/state", R"({"state": "stopped"})").status == 204);
  CHECK(cloud.post("/__emulator/sandboxes/nobody/state", R"({"state": "stopped"})").status == 404);
  CHECK(cloud.post("/__emulator/sandboxes/box/state", R"({"state": "bored"})").status == 400);
  cloud.key = "dtn_test";
  CHECK(cloud.get("/api/sandbox/box").text("state") == "stopped");
  CHECK(cloud.host->ledger().total() == 2);
}

TEST_CASE("daytona emulator: a creation whose reply is lost has made its sandbox, and one only",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.rule(FaultAction::loseReply, "POST /api/sandbox");
  CHECK(cloud.post("/api/sandbox", R"({"name": "box"})").status == 0);
  CHECK(cloud.get("/api/sandbox/box").status == 200);
  CHECK(cloud.host->ledger().livingSandboxes().size() == 1);
}

TEST_CASE("daytona emulator: listings page, filter, and can be outdated", "[unit][emulation][daytona]") {
  Cloud cloud;
  for (const auto* name : {"a", "b", "c"}) {
    cloud.clock->advance(std::chrono::seconds(1));
    cloud.post("/api/sandbox", R"({"labels": {"of": "us"}, "name": ")" + std::string(name) + "\"}");
  }
  const std::string mine = "/api/sandbox?labels=%7B%22of%22%3A%22us%22%7D&sort=createdAt&order=asc";
  auto page = cloud.get(mine + "&limit=2");
  REQUIRE(page.status == 200);
  REQUIRE(page.body.at("items").as_array().size() == 2);
  CHECK(page.body.at("items").at(0).at("name") == "a");
  CHECK_FALSE(page.body.at("items").at(0).as_object().contains("env"));
  page = cloud.get(mine + "&limit=2&cursor=" + http::escape(page.text("nextCursor")));
  REQUIRE(page.body.at("items").as_array().size() == 1);
  CHECK(page.body.at("items").at(0).at("name") == "c");
  CHECK(page.body.at("nextCursor").is_null());
  CHECK(cloud.get("/api/sandbox?cursor=nonsense").status == 400);
  CHECK(cloud.get("/api/sandbox?limit=201").status == 400);
  CHECK(cloud.get("/api/sandbox/paginated?limit=2").text("totalPages") == "2");

  // Outdated: as before the creation, then as before the deletion.
  cloud.rule(FaultAction::stale, "GET /api/sandbox");
  CHECK(cloud.get(mine).body.at("items").as_array().size() == 2);
  cloud.remove("/api/sandbox/b");
  cloud.rule(FaultAction::stale, "GET /api/sandbox");
  CHECK(cloud.get(mine).body.at("items").as_array().size() == 3);
  CHECK(cloud.get(mine).body.at("items").as_array().size() == 2);
}

TEST_CASE("daytona emulator: volumes become ready, are held while used, and free their name",
          "[unit][emulation][daytona]") {
  Cloud cloud(Values{{"volumeLooks", "1"}});
  CHECK(cloud.post("/api/volumes", R"({"name": "v"})").text("state") == "pending_create");
  CHECK(cloud.post("/api/volumes", R"({"name": "v"})").status == 400);
  const std::string mounting = R"({"name": "box", "volumes": [{"volumeId": "v", "mountPath": "/data"}]})";
  CHECK(cloud.post("/api/sandbox", mounting).text("message").find("not in a ready state") !=
        std::string::npos);
  CHECK(cloud.get("/api/volumes/by-name/v").text("state") == "pending_create");
  const auto ready = cloud.get("/api/volumes/by-name/v");
  CHECK(ready.text("state") == "ready");
  CHECK(cloud.post("/api/sandbox", mounting).status == 200);
  CHECK(cloud.remove("/api/volumes/" + ready.text("id")).status == 409);
  cloud.remove("/api/sandbox/box");
  CHECK(cloud.remove("/api/volumes/" + ready.text("id")).status == 200);
  CHECK(cloud.get("/api/volumes/by-name/v").text("state") == "pending_delete");
  CHECK(cloud.get("/api/volumes/by-name/v").status == 404);
  CHECK(cloud.post("/api/volumes", R"({"name": "v"})").status == 200);
}

TEST_CASE("daytona emulator: a signed link expires by the clock, and when it is revoked",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.post("/api/sandbox", R"({"name": "box"})");
  const auto link = cloud.get("/api/sandbox/box/ports/9/signed-preview-url?expiresInSeconds=30");
  REQUIRE(link.status == 200);
  CHECK(link.text("token").size() == 16);
  cloud.key = "";
  // Nobody listens on that port: to be let in is to be told so.
  CHECK(cloud.get(link.text("url") + "/").status == 502);
  cloud.clock->advance(std::chrono::seconds(30));
  CHECK(cloud.get(link.text("url") + "/").status == 307);
  cloud.key = "dtn_test";
  const auto other = cloud.get("/api/sandbox/box/ports/9/signed-preview-url");
  CHECK(cloud.post("/api/sandbox/box/ports/9/signed-preview-url/" + other.text("token") + "/expire").status ==
        201);
  cloud.key = "";
  CHECK(cloud.get(other.text("url") + "/").status == 307);
}

TEST_CASE("daytona emulator: idle sandboxes stop, ephemeral ones and old ones end, by their intervals",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  cloud.post("/api/sandbox", R"({"name": "idle", "autoStopInterval": 5, "autoDeleteInterval": 60})");
  cloud.post("/api/sandbox", R"({"name": "fleeting", "autoStopInterval": 5, "autoDeleteInterval": 0})");
  cloud.post("/api/sandbox", R"({"name": "old", "autoStopInterval": 0, "ttlMinutes": 10})");
  cloud.clock->advance(std::chrono::minutes(4));
  CHECK(cloud.get("/api/sandbox/idle").text("state") == "started");
  cloud.clock->advance(std::chrono::minutes(1));
  CHECK(cloud.get("/api/sandbox/idle").text("state") == "stopped");
  CHECK(cloud.get("/api/sandbox/fleeting").status == 404);
  CHECK(cloud.get("/api/sandbox/old").text("state") == "started");
  cloud.clock->advance(std::chrono::minutes(5));
  CHECK(cloud.get("/api/sandbox/old").status == 404);
  cloud.clock->advance(std::chrono::minutes(55));
  CHECK(cloud.get("/api/sandbox/idle").status == 404);
}

TEST_CASE("daytona emulator: a sandbox that does not run is told apart on the toolbox",
          "[unit][emulation][daytona]") {
  Cloud cloud;
  const auto id = cloud.post("/api/sandbox", R"({"name": "box"})").text("id");
  const auto run = "/toolbox/" + id + "/process/execute";
  const auto asked = [&] { return cloud.post(run, R"({"command": "true"})"); };
  cloud.post("/api/sandbox/box/stop");
  CHECK(asked().status == 400);
  CHECK(asked().text("message").find("Is the Sandbox started?") != std::string::npos);
  cloud.post("/api/sandbox/box/archive");
  CHECK(asked().text("message").find("does not have a runner") != std::string::npos);
  cloud.post("/api/sandbox/box/start");
  cloud.rule(FaultAction::disturb, "POST .*execute", "dead");
  CHECK(asked().status == 502);
  cloud.remove("/api/sandbox/box");
  CHECK(asked().status == 401);
}

TEST_CASE("daytona emulator: settings that it does not know are refused", "[unit][emulation][daytona]") {
  emulation::HostOptions options;
  options.settings = {{"colour", "blue"}};
  const auto host = emulation::Host::start(daytona::makeEmulator, std::move(options));
  REQUIRE_FALSE(host);
  CHECK(host.error().message.find("colour") != std::string::npos);
}

}  // namespace mooring::test
