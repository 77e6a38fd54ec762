#include "emulator_sprites_cloud.hpp"

namespace mooring::test {

namespace {

std::string home(const std::string& call, const std::string& path) {
  return Cloud::sprite("a", "/fs/" + call + "?path=" + path + "&workingDir=%2Fhome%2Fsprite");
}

std::vector<std::string> typesOf(const Said& said) {
  std::vector<std::string> types;
  for (const auto& line : said.lines())
    types.emplace_back(line.at("type").as_string());
  return types;
}

using Types = std::vector<std::string>;

}  // namespace

TEST_CASE("emulator/sprites: files are written, read, listed, changed and deleted", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  const auto written = cloud.put(home("write", "d%2Ff") + "&mkdirParents=true&mode=0600", "content");
  INFO(written.text);
  CHECK(written.at("path") == "/home/sprite/d/f");
  CHECK(written.at("size") == "7");
  CHECK(written.at("mode") == "0600");
  CHECK(cloud.get(home("read", "d%2Ff")).text == "content");
  const auto listed = cloud.get(home("list", "d"));
  CHECK(listed.at("count") == "1");
  CHECK(listed.body().at("entries").at(0).at("mode") == "0600");
  CHECK(cloud.get(home("list", "d%2Ff")).body().at("entries").at(0).at("name") == "f");

  CHECK(cloud
            .post(Cloud::sprite("a", "/fs/rename"),
                  R"({"source":"d/f","dest":"d/g","workingDir":"/home/sprite"})")
            .status == 200);
  CHECK(cloud
            .post(Cloud::sprite("a", "/fs/copy"),
                  R"({"source":"d/g","dest":"d/h","workingDir":"/home/sprite"})")
            .at("totalBytes") == "7");
  CHECK(cloud
            .post(Cloud::sprite("a", "/fs/chmod"),
                  R"({"path":"d/h","workingDir":"/home/sprite","mode":"0755"})")
            .at("affected") == R"(["/home/sprite/d/h"])");
  CHECK(cloud.remove(home("delete", "d")).at("code") == "ENOTEMPTY");
  CHECK(cloud.remove(home("delete", "d") + "&recursive=true").at("count") == "1");
  const auto missing = cloud.get(home("read", "d%2Fg"));
  CHECK(missing.status == 404);
  CHECK(missing.at("error") == "open /home/sprite/d/g: no such file or directory");
  CHECK(missing.at("code") == "ENOENT");
  CHECK(missing.at("path") == "/home/sprite/d/g");
}

TEST_CASE("emulator/sprites: an empty directory has null for entries", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  CHECK(cloud.shellRun("a", "mkdir empty").exitFrame == 0);
  const auto listed = cloud.get(home("list", "empty"));
  CHECK(listed.at("entries") == "null");
  CHECK(listed.at("count") == "0");
}

TEST_CASE("emulator/sprites: file errors may come without their code", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"fileErrorCodes", "missing"}});
  cloud.make("a");
  const auto missing = cloud.get(home("list", "none"));
  CHECK(missing.status == 404);
  CHECK(missing.at("code") == "(nothing)");
  CHECK(missing.at("path") == "/home/sprite/none");
  CHECK(cloud.get("/v1/sprites/b/fs/list?path=%2F").at("error") == "sprite not found");
}

TEST_CASE("emulator/sprites: a command over HTTP is frames without lengths", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  const auto ran = cloud.post("/v1/sprites/a/exec?cmd=sh&cmd=-c&cmd=cat%3Bexit+4&path=sh&stdin=true",
                              "typed");
  CHECK(ran.status == 200);
  CHECK(ran.headers.get("Content-Type") == "application/octet-stream");
  CHECK(ran.text == "\x01typed\x03\x04");
  CHECK(cloud.post("/v1/sprites/a/exec?cmd=true&dir=%2Fnowhere").status == 400);
  CHECK(cloud.post("/v1/sprites/a/exec?cmd=true&tty=true").status == 400);
}

TEST_CASE("emulator/sprites: a session is listed, attached to and killed", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "echo up; while :; do sleep 0.02; done"));
  Ran ran;
  while (ran.out != "up\n")
    ran.take(*wire.next());
  const auto listed = cloud.get("/v1/sprites/a/exec");
  CHECK(listed.at("count") == "1");
  CHECK(listed.body().at("sessions").at(0).at("id").as_string() == ran.session());
  auto second = cloud.dial(Cloud::sprite("a", "/exec/" + ran.session() + "?stdin=true"));
  Ran seen;
  while (seen.out != "up\n")
    seen.take(*second.next());
  CHECK(seen.info.at("is_owner") == false);
  const auto killed = cloud.post(Cloud::sprite("a", "/exec/" + ran.session() + "/kill?timeout=5s"));
  CHECK(typesOf(killed) == Types{"signal", "exited", "complete"});
  CHECK(killed.lines().back().at("exit_code") == 143);
  CHECK(Cloud::watch(wire).exitFrame == 143);
  CHECK(Cloud::watch(second).exitFrame == 143);
  CHECK(cloud.post(Cloud::sprite("a", "/exec/" + ran.session() + "/kill")).status == 410);
  const auto gone = cloud.get(Cloud::sprite("a", "/exec/" + ran.session()));
  CHECK(gone.status == 404);
  CHECK(gone.text == "session not found: " + ran.session() + "\n");
}

TEST_CASE("emulator/sprites: a command ends some time after its last client has gone", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(
      Cloud::shell("a", "trap 'touch told' EXIT; echo up; sleep 100", "&max_run_after_disconnect=50ms"));
  Ran ran;
  while (ran.out != "up\n")
    ran.take(*wire.next());
  wire.drop();
  // Waits for the process, not for a time.
  CHECK(
      cloud.shellRun("a", "while kill -0 " + ran.session() + " 2>/dev/null; do sleep 0.01; done").exitFrame ==
      0);
}

TEST_CASE("emulator/sprites: a checkpoint is gone back to while the edge answers 502", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"restoreMs", "100"}});
  cloud.make("a");
  cloud.put(home("write", "f"), "one");
  const auto made = cloud.post(Cloud::sprite("a", "/checkpoint"), R"({"comment":"mine"})");
  CHECK(typesOf(made) == Types{"info", "info", "complete"});
  CHECK(made.lines().back().at("data") == "Checkpoint v1 created successfully");
  const auto listed = cloud.get(Cloud::sprite("a", "/checkpoints"));
  CHECK(listed.body().at(0).at("comment") == "mine");
  CHECK(listed.body().at(1).at("id") == "Current");
  cloud.put(home("write", "f"), "two");
  CHECK(typesOf(cloud.post(Cloud::sprite("a", "/checkpoints/v1/restore"))) == Types{"info", "complete"});
  CHECK(cloud.get(home("read", "f")).status == 502);
  while (cloud.get(home("read", "f")).status == 502) {
  }
  CHECK(cloud.get(home("read", "f")).text == "one");
  CHECK(typesOf(cloud.post(Cloud::sprite("a", "/checkpoints/v9/restore"))) == Types{"info", "error"});
  cloud.misbehave("POST /v1/sprites/\\{name\\}/checkpoint", "checkpoint-error");
  const auto failed = cloud.post(Cloud::sprite("a", "/checkpoint"), "{}");
  CHECK(failed.status == 200);
  CHECK(typesOf(failed) == Types{"info", "error"});
  CHECK(cloud.get(Cloud::sprite("a", "/checkpoints/v2")).status == 404);
}

TEST_CASE("emulator/sprites: services run, stop as live ones do, and are plain in their errors",
          "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  const auto path = Cloud::sprite("a", "/services/s");
  const auto made = cloud.put(path + "?duration=50ms", R"({"cmd":"sleep","args":["100"]})");
  CHECK(typesOf(made) == Types{"started", "complete"});
  CHECK(cloud.get(path).at("state.status") == "running");
  CHECK(cloud.get(path).at("needs") == "null");
  CHECK(cloud.put(path, R"({"cmd":"sleep","args":["100"]})")
            .at("message")
            .starts_with("Service already running"));
  CHECK(cloud.put(Cloud::sprite("a", "/services/t"), R"({"cmd":"x","httpPort":1})").status == 400);
  CHECK(typesOf(cloud.post(path + "/stop")) == Types{"stopping", "exit", "stopped", "complete"});
  CHECK(cloud.get(path).at("state.status") == "failed");
  CHECK(cloud.get(path).at("state.error") == "exited with code 143");
  CHECK(cloud.remove(path).status == 204);
  CHECK(cloud.get(path).text == "service not found: s\n");
}

TEST_CASE("emulator/sprites: policies answer 204 and are kept", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  const auto path = Cloud::sprite("a", "/policy/network");
  CHECK(cloud.post(path, R"({"rules":[{"domain":"*","action":"deny"}]})").status == 204);
  CHECK(cloud.get(path).body().at("rules").at(0).at("action") == "deny");
  CHECK(cloud.post(path, R"({"rules":[{"domain":"*","action":"ask"}]})").status == 400);
  CHECK(cloud.remove(path).status == 405);
  CHECK(cloud.remove(Cloud::sprite("a", "/policy/resources")).status == 204);
}

TEST_CASE("emulator/sprites: a proxy carries bytes both ways, or says why not", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto server = cloud.dial(Cloud::shell("a", R"(exec python3 -c "
import socket
s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)
c, _ = s.accept(); c.sendall(c.recv(100).upper()); c.close()
")"));
  Ran ran;
  while (ran.out.find('\n') == std::string::npos)
    ran.take(*server.next());
  const int port = std::stoi(ran.out);
  auto wire = cloud.dial(Cloud::sprite("a", "/proxy"));
  wire.say({{"host", "localhost"}, {"port", port}});
  const auto answer = json::parse(wire.next()->data);
  CHECK(answer.at("status") == "connected");
  CHECK(answer.at("target").as_string() == "10.0.0.1:" + std::to_string(port));
  wire.send("bytes");
  CHECK(wire.next()->data == "BYTES");
  CHECK_FALSE(wire.next());
  CHECK_FALSE(wire.broken());
  CHECK(Cloud::watch(server).exitFrame == 0);
  auto refused = cloud.dial(Cloud::sprite("a", "/proxy"));
  refused.say({{"host", "localhost"}, {"port", port}});
  CHECK(json::parse(refused.next()->data).at("status") == "error");
  CHECK(cloud.dial(Cloud::sprite("a", "/control")).status() == 404);
}

TEST_CASE("emulator/sprites: a sprite's address is private, and refuses when told to", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"silentUrl", "refuses"}});
  cloud.make("a");
  const auto url = cloud.get(Cloud::sprite("a")).at("url");
  http::Headers nobody;
  nobody.add("Authorization", "Basic eDp5");
  CHECK(cloud.ask(http::Method::get, url, "", nobody).status == 302);
  CHECK(cloud.statusOf("a") == "cold");
}

}  // namespace mooring::test
