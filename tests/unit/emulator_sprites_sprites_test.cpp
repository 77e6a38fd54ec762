#include "emulator_sprites_cloud.hpp"

namespace mooring::test {

using emulation::FaultAction;

TEST_CASE("emulator/sprites: a sprite is made, found, changed and deleted", "[unit][sprites]") {
  Cloud cloud;
  const auto made = cloud.post(
      "/v1/sprites",
      R"({"name":"job-17","labels":["a=b"],"url_settings":{"auth":"public"},"config":{"ram_mb":512},
          "environment":{"K":"v"},"wait_for_capacity":true,"runtime":"dev"})");
  INFO(made.text);
  REQUIRE(made.status == 201);
  CHECK(made.at("id").starts_with("sprite-"));
  CHECK(made.at("organization") == "acme");
  CHECK(made.at("status") == "cold");
  CHECK(made.at("labels") == R"(["a=b"])");
  CHECK(made.at("url_settings.auth") == "public");
  CHECK(made.at("url_settings.private_access") == "admins");
  CHECK(cloud.get("/v1/sprites/job-17").body() == made.body());

  const auto changed = cloud.put("/v1/sprites/job-17", R"({"url_settings":{"auth":"sprite"}})");
  CHECK(changed.at("url_settings.auth") == "sprite");
  CHECK(changed.at("labels") == R"(["a=b"])");
  CHECK(cloud.put("/v1/sprites/job-17", R"({"clear_labels":true})").at("labels") == "[]");

  const auto gone = cloud.remove("/v1/sprites/job-17");
  CHECK(gone.status == 204);
  CHECK(gone.text.empty());
  const auto after = cloud.get("/v1/sprites/job-17");
  CHECK(after.status == 404);
  CHECK(after.at("error") == "sprite not found");
  CHECK(cloud.remove("/v1/sprites/job-17").status == 404);
  CHECK(cloud.host->ledger().livingSandboxes().empty());
  CHECK(cloud.host->ledger().createdSandboxes().size() == 1);
}

TEST_CASE("emulator/sprites: a body without its content type is no body", "[unit][sprites]") {
  Cloud cloud;
  http::Headers headers;
  headers.add("Content-Type", "text/plain");
  const auto said = cloud.ask(http::Method::post, "/v1/sprites", R"({"name":"a"})", headers);
  CHECK(said.status == 400);
  CHECK(said.at("error") == "name is required");
}

TEST_CASE("emulator/sprites: what is unknown or wrong is refused by name", "[unit][sprites]") {
  Cloud cloud;
  const auto refuses = [&](const std::string& body, const std::string& name) {
    const auto said = cloud.post("/v1/sprites", body);
    INFO(said.text);
    return said.status == 400 && said.text.find(name) != std::string::npos;
  };
  CHECK(refuses(R"({"name":"a","image":"x"})", "image"));
  CHECK(refuses(R"({"name":"a","labels":"x"})", "labels"));
  CHECK(refuses(R"({"name":"a","url_settings":{"auth":"none"}})", "auth"));
  CHECK(refuses(R"({"name":"A_b"})", "name"));
  CHECK(cloud.get("/v1/sprites?label=x").status == 400);
  CHECK(cloud.get("/v1/sprites/a/snapshots").status == 404);
  CHECK(cloud.ask(http::Method::patch, "/v1/sprites/a", "{}").status == 405);
}

TEST_CASE("emulator/sprites: nothing is told to strangers, and nothing of others", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("mine");
  http::Headers nobody;
  nobody.add("Authorization", "Basic eDp5");
  const auto refused = cloud.ask(http::Method::get, "/v1/sprites/mine", "", nobody);
  CHECK(refused.status == 401);
  CHECK(refused.at("error") == "authentication failed");
  CHECK(cloud.dial("/v1/sprites/mine/exec?cmd=true", "").status() == 401);
  http::Headers other;
  other.add("Authorization", "Bearer rival/org/1/secret");
  CHECK(cloud.ask(http::Method::get, "/v1/sprites/mine", "", other).status == 404);
  CHECK(cloud.ask(http::Method::post, "/v1/sprites", R"({"name":"mine"})", other).status == 201);

  Cloud strict(Cloud::Settings{{"token", "good"}});
  CHECK(strict.get("/v1/sprites").status == 401);
  http::Headers good;
  good.add("Authorization", "Bearer good");
  CHECK(strict.ask(http::Method::get, "/v1/sprites", "", good).status == 200);
}

TEST_CASE("emulator/sprites: a list goes page by page, with counts in both places", "[unit][sprites]") {
  Cloud cloud;
  for (const auto* name : {"a-1", "a-2", "a-3", "b-1"})
    cloud.make(name);
  const auto first = cloud.get("/v1/sprites?prefix=a-&max_results=2");
  CHECK(first.body().at("sprites").as_array().size() == 2);
  CHECK(first.at("has_more") == "true");
  CHECK(first.at("cold") == "4");
  CHECK(first.at("org.cold") == "4");
  CHECK(first.body().at("sprites").at(0).at("org_slug") == "acme");
  const auto second = cloud.get("/v1/sprites?prefix=a-&max_results=2&continuation_token=" +
                                first.at("next_continuation_token"));
  CHECK(second.body().at("sprites").at(0).at("name") == "a-3");
  CHECK(second.at("has_more") == "false");
  CHECK(second.at("next_continuation_token") == "null");
  CHECK(cloud.get("/v1/sprites?max_results=0").status == 400);
  CHECK(cloud.get("/v1/sprites?prefix=none").at("sprites") == "[]");
}

TEST_CASE("emulator/sprites: a name that is taken, or was just now, is a conflict", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"teardownCreates", "1"}});
  cloud.make("a");
  CHECK(cloud.post("/v1/sprites", R"({"name":"a"})").status == 409);
  cloud.remove("/v1/sprites/a");
  CHECK(cloud.post("/v1/sprites", R"({"name":"a"})").status == 409);
  CHECK(cloud.post("/v1/sprites", R"({"name":"a"})").status == 201);
  Cloud older(Cloud::Settings{{"conflictStatus", "400"}});
  older.make("a");
  const auto said = older.post("/v1/sprites", R"({"name":"a"})");
  CHECK(said.status == 400);
  CHECK(said.at("error").find("already exists") != std::string::npos);
}

TEST_CASE("emulator/sprites: a new sprite may be found late", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"hiddenLooks", "2"}});
  cloud.make("a");
  CHECK(cloud.get("/v1/sprites").at("sprites") == "[]");
  CHECK(cloud.get("/v1/sprites/a").status == 404);
  CHECK(cloud.get("/v1/sprites/a").status == 404);
  CHECK(cloud.get("/v1/sprites/a").status == 200);
  CHECK(cloud.get("/v1/sprites").body().at("sprites").as_array().size() == 1);
}

TEST_CASE("emulator/sprites: limits and broken gateways look as the service's", "[unit][sprites]") {
  Cloud cloud;
  emulation::Fault rule;
  rule.action = FaultAction::status;
  rule.route = "POST /v1/sprites";
  rule.status = 429;
  REQUIRE(ok(cloud.host->faults().add(rule)));
  const auto limited = cloud.post("/v1/sprites", R"({"name":"a"})");
  CHECK(limited.status == 429);
  CHECK(limited.at("error") == "sprite_creation_rate_limited");
  CHECK(limited.at("retry_after_seconds") == "30");
  CHECK(limited.headers.get("Retry-After") == "30");
  CHECK(limited.headers.contains("X-RateLimit-Reset"));
  rule.status = 502;
  REQUIRE(ok(cloud.host->faults().add(rule)));
  const auto broken = cloud.post("/v1/sprites", R"({"name":"a"})");
  CHECK(broken.status == 502);
  CHECK(broken.text.starts_with("<html>"));

  Cloud narrow(Cloud::Settings{{"mostActive", "1"}});
  narrow.make("a");
  narrow.make("b");
  CHECK(narrow.get("/v1/sprites/a/exec").status == 200);
  const auto crowded = narrow.get("/v1/sprites/b/exec");
  CHECK(crowded.status == 429);
  CHECK(crowded.at("error") == "concurrent_sprite_limit_exceeded");
}

TEST_CASE("emulator/sprites: a stale list is that of before the last change", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  cloud.make("b");
  cloud.remove("/v1/sprites/a");
  cloud.fault(FaultAction::stale, "GET /v1/sprites", "");
  CHECK(cloud.get("/v1/sprites").body().at("sprites").as_array().size() == 2);
  CHECK(cloud.get("/v1/sprites").body().at("sprites").as_array().size() == 1);
}

TEST_CASE("emulator/sprites: it pauses by the clock, and any use wakes it", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"idleMs", "30000"}, {"chillMs", "60000"}});
  cloud.make("a");
  CHECK(cloud.statusOf("a") == "cold");
  CHECK(cloud.shellRun("a", "echo kept > f; exit 0").exitFrame == 0);
  CHECK(cloud.statusOf("a") == "running");
  cloud.passes(std::chrono::seconds(31));
  CHECK(cloud.statusOf("a") == "warm");
  CHECK(cloud.get("/v1/sprites/a/check").at("status") == "hibernated");
  CHECK(cloud.statusOf("a") == "warm");
  CHECK(cloud.shellRun("a", "cat f").out == "kept\n");
  CHECK(cloud.statusOf("a") == "running");
  cloud.passes(std::chrono::seconds(31));
  cloud.passes(std::chrono::seconds(61));
  CHECK(cloud.statusOf("a") == "cold");
  CHECK(cloud.shellRun("a", "cat f").out == "kept\n");
}

TEST_CASE("emulator/sprites: warm processes are frozen, cold ones are gone, and connections drop",
          "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell(
      "a", "echo up; trap 'echo on' USR1; while :; do sleep 0.02; done", "&max_run_after_disconnect=0"));
  Ran ran;
  while (ran.out != "up\n")
    ran.take(*wire.next());
  cloud.puts("a", "warm");
  CHECK_FALSE(wire.next());
  CHECK(wire.broken());
  CHECK(cloud.emulator->sprites().at(0).sessions.size() == 1);
  // Looking at it keeps it as it is; its process is found again when it wakes.
  CHECK(cloud.statusOf("a") == "warm");
  auto again = cloud.dial(Cloud::sprite("a", "/exec/" + ran.session()));
  REQUIRE(again.open());
  CHECK(cloud.statusOf("a") == "running");
  cloud.puts("a", "cold");
  CHECK(cloud.emulator->sprites().at(0).sessions.empty());
  CHECK(cloud.dial(Cloud::sprite("a", "/exec/" + ran.session())).status() == 404);
}

}  // namespace mooring::test
