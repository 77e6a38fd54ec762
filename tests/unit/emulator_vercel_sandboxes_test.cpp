#include "emulator_vercel_cloud.hpp"

namespace mooring::test {

TEST_CASE("emulator/vercel: a sandbox is made, found, stopped and deleted", "[unit][vercel]") {
  Cloud cloud;
  const auto made = cloud.post("/v3/sandboxes",
                               R"({"projectId":"prj_a","name":"job-7","ports":[],"tags":{"run":"7"}})");
  REQUIRE(made.status == 200);
  CHECK(made.at("sandbox.name") == "job-7");
  CHECK(made.at("sandbox.persistent") == "true");
  CHECK(made.at("session.status") == "running");
  CHECK(made.at("session.cwd") == "/vercel");
  CHECK(made.at("routes") == "[]");
  CHECK(made.headers.get("x-ratelimit-limit") == "20");

  const auto found = cloud.named("job-7");
  CHECK(found.at("sandbox.tags.run") == "7");
  CHECK(found.at("resumed") == "false");
  CHECK(found.at("session.id") == made.at("session.id"));
  cloud.prefix.clear();
  CHECK(cloud.named("job-7").status == 200);

  const auto stopped = cloud.post(Cloud::session(made.at("session.id"), "/stop"));
  CHECK(stopped.at("session.status") == "stopped");
  CHECK(stopped.at("snapshot.creationMethod") == "automatic");
  CHECK(cloud.post(Cloud::session(made.at("session.id"), "/stop")).status == 200);

  CHECK(cloud.remove("/v2/sandboxes/job-7?projectId=prj_a").status == 200);
  const auto missing = cloud.named("job-7");
  CHECK(missing.status == 404);
  CHECK(missing.at("error.code") == "not_found");
  CHECK(cloud.host->ledger().livingSandboxes().empty());
  CHECK(cloud.host->ledger().createdSandboxes() == std::vector<std::string>{"job-7"});
}

TEST_CASE("emulator/vercel: what is wrong with a request is named in the provider's own words",
          "[unit][vercel]") {
  Cloud cloud;
  cloud.make("taken");
  struct Wrong {
    std::string body;
    std::string named;
  };
  const auto wrong = GENERATE(values<Wrong>({
      {R"({"projectId":"p","name":"no dots."})", "name"},
      {R"({"projectId":"p","colour":"red"})", "colour"},
      {R"({"projectId":"p","ports":[80]})", "ports"},
      {R"({"projectId":"p","resources":{"vcpus":3}})", "vcpus"},
      {R"({"projectId":"p","timeout":1})", "timeout"},
      {R"({"projectId":"p","runtime":"node22"})", "runtime"},
      {R"({"projectId":"p","source":{"url":"x"}})", "type"},
      {R"({"projectId":"p","tags":{"a":"","b":"","c":"","d":"","e":"","f":""}})", "tags"},
      {R"({"projectId":"p","snapshotExpiration":5})", "snapshotExpiration"},
      {R"({"projectId":"p","networkPolicy":{"permit":[]}})", "networkPolicy.permit"},
      {R"({"name":"x"})", "projectId"},
      {R"({"projectId":"prj_a","name":"taken"})", "already exists"},
  }));
  const auto refused = cloud.post("/v3/sandboxes", wrong.body);
  INFO(refused.text);
  CHECK(refused.status == 400);
  CHECK(refused.at("error.code") == "bad_request");
  CHECK(refused.at("error.message").find(wrong.named) != std::string::npos);
}

TEST_CASE("emulator/vercel: routes, query parameters and credentials are checked", "[unit][vercel]") {
  Cloud cloud;
  CHECK(cloud.get("/v2/nowhere").at("error.code") == "not_found");
  const auto query = cloud.get("/v2/sandboxes?project=p&colour=red");
  CHECK(query.status == 400);
  CHECK(query.at("error.message").find("colour") != std::string::npos);
  CHECK(cloud.get("/v2/sandboxes?project=p&__private=1").status == 200);
  CHECK(cloud.get("/v2/sandboxes?project=p&namePrefix=a").status == 400);
  CHECK(cloud.get("/v2/sandboxes?project=p&namePrefix=a&sortBy=name").status == 200);

  http::Headers none;
  none.add("Authorization", "Basic abc");
  const auto refused = cloud.ask(http::Method::get, "/v2/sandboxes?project=p", std::string(), none);
  CHECK(refused.status == 403);
  CHECK(refused.at("error.message") == "Not authorized");
}

TEST_CASE("emulator/vercel: an OIDC token says team and project, until it expires", "[unit][vercel]") {
  Cloud cloud;
  const auto listWith = [&](const std::string& token, const std::string& query) {
    http::Headers headers;
    headers.add("Authorization", "Bearer " + token);
    return cloud.ask(http::Method::get, "/v2/sandboxes" + query, std::string(), headers).status;
  };
  // {"owner_id":"team_a","project_id":"prj_a"}, and the same with "exp":1
  const std::string good = "e30.eyJvd25lcl9pZCI6InRlYW1fYSIsInByb2plY3RfaWQiOiJwcmpfYSJ9.x";
  const std::string old = "e30.eyJvd25lcl9pZCI6InRlYW1fYSIsInByb2plY3RfaWQiOiJwcmpfYSIsImV4cCI6MX0.x";
  CHECK(listWith(good, "") == 200);
  CHECK(listWith(good, "?project=prj_b") == 403);
  CHECK(listWith(good, "?teamId=team_b") == 403);
  CHECK(listWith(old, "") == 403);
}

TEST_CASE("emulator/vercel: lists come page by page, and one's own only", "[unit][vercel]") {
  Cloud cloud;
  for (const auto* name : {"a-1", "a-2", "a-3", "b-1"})
    cloud.make(name, R"("tags":{"owner":"me"})");
  const std::string query = "/v2/sandboxes?project=prj_a&sortBy=name&sortOrder=asc&namePrefix=a-&limit=2";
  const auto first = cloud.get(query);
  CHECK(first.at("pagination.count") == "2");
  const auto second = cloud.get(query + "&cursor=" + http::escape(first.at("pagination.next")));
  REQUIRE(second.body().at("sandboxes").as_array().size() == 1);
  CHECK(second.body().at("sandboxes").as_array()[0].at("name") == "a-3");
  CHECK(second.at("pagination.next") == "null");
  CHECK(cloud.get("/v2/sandboxes?project=prj_a&tags=owner%3Ame").at("pagination.count") == "4");
  CHECK(cloud.get("/v2/sandboxes?project=prj_a&tags=owner%3Ayou").at("pagination.count") == "0");
  CHECK(cloud.get("/v2/sandboxes?project=prj_b").at("pagination.count") == "0");
}

TEST_CASE("emulator/vercel: a persistent sandbox resumes with its files in a new session", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("keeper");
  CHECK(
      cloud.shell(session, "mkdir -p d && echo kept > d/f && chmod 600 d/f && ln -s f d/l").lines().size() ==
      2);
  CHECK(cloud.post(Cloud::session(session, "/stop")).status == 200);
  const auto refused = cloud.shell(session, "true");
  CHECK(refused.status == 410);
  CHECK(refused.at("error.code") == "sandbox_stopped");

  const auto resumed = cloud.named("keeper", "&resume=true");
  REQUIRE(resumed.status == 200);
  CHECK(resumed.at("resumed") == "true");
  CHECK(resumed.at("session.id") != session);
  CHECK(cloud.shell(resumed.at("session.id"), "cat d/l; stat -c %a d/f").logged("stdout") == "kept\n600\n");
}

TEST_CASE("emulator/vercel: what cannot resume says how", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("fleeting", R"("persistent":false)");
  CHECK(cloud.post(Cloud::session(session, "/stop")).at("snapshot") == "(nothing)");
  const auto never = cloud.named("fleeting", "&resume=true");
  CHECK(never.status == 400);
  CHECK(never.at("error.code") == "snapshot_not_found");

  cloud.make("lost");
  CHECK(ok(cloud.host->runOnLoop([&] { return cloud.emulator->put("lost", "unresumable"); })));
  const auto expired = cloud.named("lost", "&resume=true");
  CHECK(expired.status == 410);
  CHECK(expired.at("error.code") == "snapshot_not_found");
}

TEST_CASE("emulator/vercel: a session ends at its time, and an extended one later", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("brief", R"("timeout":1000,"persistent":false)");
  const auto cut = cloud.shell(session, "echo begun; sleep 60");
  CHECK(cut.logged("stdout") == "begun\n");
  REQUIRE(cut.lines().size() == 3);
  CHECK(cut.lines().back().at("data").at("code") == "sandbox_stream_closed");

  const auto longer = cloud.make("longer", R"("timeout":1000,"persistent":false)");
  const auto extended = cloud.post(Cloud::session(longer, "/extend-timeout"), R"({"duration":60000})");
  CHECK(extended.at("session.timeout") == "61000");
  CHECK(cloud.named("longer").at("sandbox.timeout") == "1000");
  CHECK(cloud.shell(longer, "sleep 1.5; echo there").logged("stdout") == "there\n");
}

TEST_CASE("emulator/vercel: a snapshot ends its session and starts others", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("original", R"("persistent":false)");
  cloud.shell(session, "echo one > f");
  const auto taken = cloud.post("/v2/sandboxes/sessions/" + session + "/snapshot");
  REQUIRE(taken.status == 201);
  CHECK(taken.at("snapshot.status") == "created");
  CHECK(taken.at("session.status") == "stopped");
  const auto id = taken.at("snapshot.id");
  const auto source = R"("source":{"type":"snapshot","snapshotId":")" + id + R"("})";
  const auto copy = cloud.make("copy", source);
  CHECK(cloud.shell(copy, "cat f").logged("stdout") == "one\n");
  CHECK(cloud.get(Cloud::session(copy)).at("session.sourceSnapshotId") == id);

  CHECK(cloud.get("/v2/sandboxes/snapshots?project=prj_a&name=original").at("pagination.count") == "1");
  CHECK(cloud.remove("/v2/sandboxes/snapshots/" + id).at("snapshot.status") == "deleted");
  CHECK(cloud.post("/v3/sandboxes", R"({"projectId":"prj_a",)" + source + "}").status == 410);
}

TEST_CASE("emulator/vercel: a drive outlives sandboxes and has one writer", "[unit][vercel]") {
  Cloud cloud;
  CHECK(cloud.post("/v2/sandboxes/drives/d1", R"({"projectId":"prj_a"})").status == 201);
  CHECK(cloud.post("/v2/sandboxes/drives/d1", R"({"projectId":"prj_a"})").status == 200);
  const auto conflict = cloud.post("/v2/sandboxes/drives/d1", R"({"projectId":"prj_a","maxSizeBytes":5})");
  CHECK(conflict.status == 409);
  CHECK(conflict.at("error.code") == "conflict");
  const std::string mount = R"("mounts":{"/data":{"drive":"d1","mode":"read-write"}})";
  const std::string readOnly = R"("mounts":{"/data":{"drive":"d1","mode":"snapshot"}})";
  const auto early = cloud.post("/v3/sandboxes", R"({"projectId":"prj_a",)" + readOnly + "}");
  CHECK(early.at("error.code") == "drive_not_initialized");
  const auto writer = cloud.make("writer", mount);
  CHECK(cloud.post("/v3/sandboxes", R"({"projectId":"prj_a",)" + mount + "}").status == 409);
  cloud.shell(writer, "echo stays > /data/f");
  CHECK(cloud.remove("/v2/sandboxes/drives/d1?projectId=prj_a").status == 409);
  CHECK(cloud.remove("/v2/sandboxes/writer?projectId=prj_a").status == 200);
  const auto reader = cloud.make("reader", readOnly);
  CHECK(cloud.shell(reader, "cat /data/f; touch /data/g || echo no").logged("stdout") == "stays\nno\n");
  CHECK(cloud.remove("/v2/sandboxes/reader?projectId=prj_a").status == 200);
  CHECK(cloud.remove("/v2/sandboxes/drives/d1?projectId=prj_a").status == 200);
}

}  // namespace mooring::test
