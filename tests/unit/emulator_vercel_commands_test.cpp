#include <mooring/http/parsers/tar.hpp>

#include "emulator_vercel_cloud.hpp"

namespace mooring::test {

namespace {

/// A gzip-compressed archive of one file.
std::string archiveOf(const std::string& path, const std::string& content, int mode) {
  http::TarItem item;
  item.entry.path = path;
  item.entry.size = content.size();
  item.entry.mode = mode;
  item.content = sourceOf(content);
  auto source = http::tarOf({std::move(item)}, http::TarCompression::gzip);
  std::string bytes;
  std::vector<std::byte> buffer(4096);
  for (;;) {
    auto count = run(source->read(std::span(buffer)));
    REQUIRE(ok(count));
    if (*count == 0) return bytes;
    bytes += asText(std::span(buffer).first(*count));
  }
}

http::Headers gzipInto(const std::string& directory) {
  http::Headers headers;
  headers.add("Content-Type", "application/gzip");
  headers.add("x-cwd", directory);
  return headers;
}

}  // namespace

TEST_CASE("emulator/vercel: a waited command streams its lines between two command objects",
          "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box", R"("env":{"A":"sandbox","B":"sandbox"})");
  const auto said = cloud.shell(session, "echo $A $B; echo bad >&2; exit 3", R"("env":{"B":"command"})");
  CHECK(said.status == 200);
  CHECK(said.headers.get("Content-Type") == "application/x-ndjson");
  const auto lines = said.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines.front().at("command").at("exitCode").is_null());
  CHECK(lines.back().at("command").at("exitCode") == 3);
  CHECK(lines.back().at("command").as_object().contains("durationMs"));
  CHECK(said.logged("stdout") == "sandbox command\n");
  CHECK(said.logged("stderr") == "bad\n");
  CHECK(cloud.host->ledger().commands().size() == 1);

  const auto quiet = cloud.post(Cloud::session(session, "/cmd"),
                                R"({"command":"echo","args":["x"],"wait":true})");
  CHECK(quiet.lines().size() == 2);
}

TEST_CASE("emulator/vercel: a program that is not there is a refused request", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box");
  const auto refused = cloud.post(Cloud::session(session, "/cmd"), R"({"command":"no-such-program"})");
  CHECK(refused.status == 400);
  CHECK(refused.at("error.code") == "executable_not_found");
  CHECK(cloud.get(Cloud::session(session, "/cmd")).at("commands") == "[]");
  CHECK(cloud.host->ledger().commands().empty());
}

TEST_CASE("emulator/vercel: sudo is root, with the environment of before", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box", R"("env":{"A":"kept"})");
  CHECK(cloud.shell(session, "id -u; echo $A $HOME", R"("sudo":true)").logged("stdout") == "0\nkept /root\n");
  CHECK(cloud.shell(session, "id -u; echo $HOME").logged("stdout") == "1000\n/vercel\n");
}

TEST_CASE("emulator/vercel: a command's own timeout kills it", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box");
  const auto said = cloud.shell(session, "echo here; sleep 60", R"("timeout":300)");
  CHECK(said.logged("stdout") == "here\n");
  CHECK(said.lines().back().at("command").at("exitCode") == 137);
}

TEST_CASE("emulator/vercel: a detached command is found, awaited, read twice and killed", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box");
  const auto commands = Cloud::session(session, "/cmd");
  const auto started = cloud.post(
      commands,
      R"({"command":"sh","args":["-c","trap 'exit 5' TERM; echo on; while :; do sleep 0.05; done"]})");
  REQUIRE(started.status == 200);
  CHECK(started.at("command.exitCode") == "null");
  const auto one = commands + "/" + started.at("command.id");
  CHECK(cloud.get(one).at("command.exitCode") == "null");
  CHECK(cloud.get(commands).body().at("commands").as_array().size() == 1);
  // The trap is set once it has printed.
  cloud.shell(session, "while ! grep -q sleep /proc/[0-9]*/cmdline; do :; done");
  const auto killed = cloud.post(one + "/kill", R"({"signal":15})");
  CHECK(killed.at("command.exitCode") == "null");
  CHECK(cloud.get(one + "?wait=true").at("command.exitCode") == "5");
  CHECK(cloud.get(one + "/logs").logged("stdout") == "on\n");
  CHECK(cloud.get(one + "/logs").logged("stdout") == "on\n");
  CHECK(cloud.get(commands + "/cmd_none").status == 404);
  CHECK(cloud.post(one + "/kill", R"({"signal":"TERM"})").status == 400);
}

TEST_CASE("emulator/vercel: log lines are text, however they are cut", "[unit][vercel]") {
  Cloud cloud(Cloud::Settings{{"logPieceBytes", "2"}});
  const auto session = cloud.make("box");
  // Three bytes make the sign, and two fit a line.
  CHECK(cloud.shell(session, R"(printf '\342\202\254')").logged("stdout") ==
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(cloud.shell(session, "printf abcdef").lines().size() == 5);
}

TEST_CASE("emulator/vercel: files go in as an archive and come out as they are", "[unit][vercel]") {
  Cloud cloud;
  const auto session = cloud.make("box");
  const auto write = Cloud::session(session, "/fs/write");
  const std::string bytes("\0\xff\n binary", 10);
  const auto archive = archiveOf("vercel/deep/er/f", bytes, 0750);
  CHECK(cloud.ask(http::Method::post, write, archive, gzipInto("/")).status == 200);
  CHECK(cloud.shell(session, "stat -c %a deep/er/f").logged("stdout") == "750\n");
  const auto read = cloud.post(Cloud::session(session, "/fs/read"),
                               R"({"path":"er/f","cwd":"/vercel/deep"})");
  CHECK(read.text == bytes);
  CHECK(read.headers.get("Content-Type") == "application/octet-stream");
  CHECK(cloud.post(Cloud::session(session, "/fs/read"), R"({"path":"deep"})").at("error.code") ==
        "file_error");
  const auto missing = cloud.post(Cloud::session(session, "/fs/read"), R"({"path":"nothing"})");
  CHECK(missing.status == 404);
  CHECK(missing.at("error.message") == "File not found.");

  CHECK(cloud.ask(http::Method::post, write, "no archive at all", gzipInto("/")).status == 400);
  CHECK(cloud.ask(http::Method::post, write, archive.substr(0, archive.size() / 2), gzipInto("/")).status ==
        400);
  const auto denied = cloud.ask(http::Method::post, write, archiveOf("etc/f", "x", 0644), gzipInto("/"));
  CHECK(denied.status == 400);
  CHECK(denied.at("error.code") == "file_error");

  const auto directory = Cloud::session(session, "/fs/mkdir");
  CHECK(cloud.post(directory, R"({"path":"made"})").status == 200);
  CHECK(cloud.post(directory, R"({"path":"made"})").at("error.message").find("File exists") !=
        std::string::npos);
  CHECK(cloud.post(directory, R"({"path":"a/b"})").at("error.code") == "file_error");
  CHECK(cloud.post(directory, R"({"path":"a/b","recursive":true})").status == 200);
}

TEST_CASE("emulator/vercel: ports are served at their routes", "[unit][vercel]") {
  Cloud cloud;
  const auto made = cloud.post("/v3/sandboxes", R"({"projectId":"prj_a","name":"web","ports":[38471]})");
  REQUIRE(made.status == 200);
  const auto body = made.body();
  const auto& route = body.at("routes").as_array()[0];
  const std::string url(route.at("url").as_string());
  CHECK(route.at("port") == 38471);
  auto http = engineWith();
  const auto silent = send(http, get(url));
  REQUIRE(ok(silent));
  CHECK(silent->status == 502);
  CHECK(silent->body.find("SANDBOX_NOT_LISTENING") != std::string::npos);

  cloud.post(Cloud::session(made.at("session.id"), "/stop"));
  const auto stopped = send(http, get(url));
  REQUIRE(ok(stopped));
  CHECK(stopped->status == 410);
  CHECK(stopped->body.find("SANDBOX_STOPPED") != std::string::npos);
}

TEST_CASE("emulator/vercel: replies that last too long are cut, and what they told of goes on",
          "[unit][vercel]") {
  Cloud cloud(Cloud::Settings{{"streamLimitMs", "400"}});
  const auto session = cloud.make("box");
  http::Request request;
  request.method = http::Method::post;
  request.target = cloud.host->url() + Cloud::session(session, "/cmd") + "?teamId=team_a";
  request.headers.add("Authorization", "Bearer secret");
  request.body = http::Body(
      R"({"command":"sh","args":["-c","sleep 1; echo end > f"],"wait":true,"logs":true})");
  auto cut = send(engineWith(), std::move(request));
  CHECK_FALSE(cut);
  const auto commands = cloud.get(Cloud::session(session, "/cmd"));
  const auto id = std::string(commands.body().at("commands").as_array()[0].at("id").as_string());
  const auto until = "/cmd/" + id;
  while (cloud.get(Cloud::session(session, until)).at("command.exitCode") == "null") {
  }
  CHECK(cloud.shell(session, "cat f").logged("stdout") == "end\n");
}

TEST_CASE("emulator/vercel: what happens behind a client's back shows in the right words", "[unit][vercel]") {
  emulation::Fault fault;
  fault.route = "POST .*/cmd";
  fault.action = emulation::FaultAction::disturb;
  fault.state = GENERATE(as<std::string>(), "stopped", "stopping", "snapshotting", "gone");
  Cloud cloud(Cloud::Settings{{"stopMs", "200"}}, {fault});
  const auto session = cloud.make("box");
  const auto refused = cloud.shell(session, "true");
  INFO(fault.state << " " << refused.text);
  if (fault.state == "stopping" || fault.state == "snapshotting") {
    CHECK(refused.status == 422);
    CHECK(refused.at("error.code") == "sandbox_" + fault.state);
    CHECK(cloud.named("box", "&resume=true").at("resumed") == "true");
  } else {
    CHECK(refused.status == 410);
    CHECK(cloud.named("box").status == (fault.state == "gone" ? 404 : 200));
  }
}

TEST_CASE("emulator/vercel: a lost reply has had its effect", "[unit][vercel]") {
  emulation::Fault fault;
  fault.route = "POST .*/v3/sandboxes";
  fault.action = emulation::FaultAction::loseReply;
  Cloud cloud(Cloud::Settings(), {fault});
  http::Request request;
  request.method = http::Method::post;
  request.target = cloud.host->url() + "/v3/sandboxes?teamId=team_a";
  request.headers.add("Authorization", "Bearer secret");
  request.body = http::Body(R"({"projectId":"prj_a","name":"mine"})");
  CHECK_FALSE(send(engineWith(), request));
  CHECK(cloud.named("mine").status == 200);
  CHECK(cloud.host->ledger().livingSandboxes() == std::vector<std::string>{"mine"});
}

TEST_CASE("emulator/vercel: rates are told, and enforced where asked for", "[unit][vercel]") {
  Cloud cloud(Cloud::Settings{{"rateLimits", "enforced"}});
  int status = 0;
  Said last;
  for (int i = 0; i < 40 && status != 429; ++i) {
    last = cloud.remove("/v2/sandboxes/none?projectId=prj_a");
    status = last.status;
  }
  CHECK(status == 429);
  CHECK(last.at("error.code") == "rate_limited");
  CHECK(last.at("error.limit.total") == "20");
  CHECK(last.headers.contains("Retry-After"));
}

}  // namespace mooring::test
