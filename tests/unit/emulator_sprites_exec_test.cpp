#include "emulator_sprites_cloud.hpp"

namespace mooring::test {

using Order = std::vector<std::string>;

TEST_CASE("emulator/sprites: a command's frames come in the order of the live service", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"lingerMs", "0"}});
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "echo out; sleep 0.1; echo err >&2; exit 3"));
  REQUIRE(wire.open());
  CHECK(wire.answer().headers.get("X-Sprite-Capabilities") == "signal");
  const auto ran = Cloud::watch(wire);
  CHECK(ran.out == "out\n");
  CHECK(ran.err == "err\n");
  CHECK(ran.exitText == 3);
  CHECK(ran.exitFrame == 3);
  CHECK(ran.order == Order{"debug", "session_info", "debug", "1", "2", "exit", "3"});
  CHECK(ran.debug == Order{"session_created", "normal_path history_len=0"});
  CHECK(ran.info.at("tty") == false);
  CHECK(ran.info.at("command") == "sh -c echo out; sleep 0.1; echo err >&2; exit 3");
  CHECK_FALSE(wire.next());
  CHECK_FALSE(wire.broken());
  CHECK(cloud.host->ledger().commands().size() == 1);
}

TEST_CASE("emulator/sprites: a session's id is the process's", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  const auto ran = cloud.shellRun("a", "echo $$");
  CHECK(ran.out == ran.session() + "\n");
}

TEST_CASE("emulator/sprites: arguments, directory and environment", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(
      "/v1/sprites/a/exec?cmd=printf&cmd=%5B%25s%5D&cmd=a+b&cmd=%24HOME&cmd=&cmd=%C3%A9%FF&dir=%2Ftmp");
  CHECK(Cloud::watch(wire).out == "[a b][$HOME][][\xC3\xA9\xFF]");
  CHECK(cloud.shellRun("a", "pwd; echo $HOME; echo ${PATH%%:*}").out ==
        "/home/sprite\n/home/sprite\n/home/sprite/.local/bin\n");
  CHECK(cloud.shellRun("a", "pwd", "&dir=%2Ftmp").out == "/tmp\n");
  // Given variables take the place of all others.
  auto bare = cloud.dial("/v1/sprites/a/exec?cmd=env&env=K%3Dv+1&env=E%3D");
  CHECK(Cloud::watch(bare).out == "HOME=/home/sprite\nE=\nK=v 1\n");
}

TEST_CASE("emulator/sprites: what cannot start says so", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto missing = cloud.dial("/v1/sprites/a/exec?cmd=no-such-program");
  const auto ran = Cloud::watch(missing);
  CHECK(ran.exitFrame == 127);
  CHECK(ran.err.find("no-such-program") != std::string::npos);
  auto nowhere = cloud.dial("/v1/sprites/a/exec?cmd=true&dir=%2Fnowhere");
  const auto failed = Cloud::watch(nowhere);
  CHECK_FALSE(failed.exitFrame);
  CHECK(failed.error == "chdir /nowhere: no such file or directory");
  CHECK(cloud.dial("/v1/sprites/b/exec?cmd=true").status() == 404);
  CHECK(cloud.dial("/v1/sprites/a/exec?cmd=true&shell=1").status() == 400);
  CHECK(cloud.dial("/v1/sprites/a/exec?cmd=true&env=" + std::string(41'000, 'x')).status() == 414);
}

TEST_CASE("emulator/sprites: input is typed and ended, or not there", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial("/v1/sprites/a/exec?cmd=cat&stdin=true");
  wire.type("one\n");
  wire.type("two\n");
  wire.endInput();
  const auto ran = Cloud::watch(wire);
  CHECK(ran.out == "one\ntwo\n");
  CHECK(ran.exitFrame == 0);
  auto none = cloud.dial("/v1/sprites/a/exec?cmd=cat");
  CHECK(Cloud::watch(none).exitFrame == 0);
}

TEST_CASE("emulator/sprites: a gated command loses nothing and starts when told", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "read -r _ || exit 125; head -c 300000 /dev/zero", "&stdin=true"));
  wire.type("\n");
  wire.endInput();
  const auto ran = Cloud::watch(wire);
  CHECK(ran.out.size() == 300'000);
  CHECK(ran.exitFrame == 0);
}

TEST_CASE("emulator/sprites: megabytes pass both ways", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "wc -c; head -c 20000000 /dev/zero", "&stdin=true"));
  for (int i = 0; i < 8; ++i)
    wire.type(std::string(std::size_t{1} << 20, 'x'));
  wire.endInput();
  const auto ran = Cloud::watch(wire);
  CHECK(ran.out.starts_with("8388608\n"));
  CHECK(ran.out.size() == 20'000'000 + 8);
}

TEST_CASE("emulator/sprites: a client that does not read holds its command up, not the emulator",
          "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "head -c 100000000 /dev/zero"));
  Ran ran;
  while (ran.out.empty())
    ran.take(*wire.next());
  // Waits until it is stopped, which it is as long as nobody reads.
  const auto pid = ran.session();
  CHECK(cloud.shellRun("a", "until grep -q 'State:.T' /proc/" + pid + "/status; do sleep 0.01; done")
            .exitFrame == 0);
  const auto rest = Cloud::watch(wire);
  CHECK(ran.out.size() + rest.out.size() == 100'000'000);
  CHECK(rest.exitFrame == 0);
}

TEST_CASE("emulator/sprites: signals reach the process group", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(Cloud::shell("a", "sleep 100 & echo up; wait"));
  Ran ran;
  while (ran.out != "up\n")
    ran.take(*wire.next());
  wire.say({{"type", "signal"}, {"signal", "TERM"}});
  const auto rest = Cloud::watch(wire);
  CHECK(rest.exitText == 143);
  CHECK(rest.exitFrame == 143);
}

TEST_CASE("emulator/sprites: a terminal is raw, can be resized, and just drops", "[unit][sprites]") {
  Cloud cloud;
  cloud.make("a");
  auto wire = cloud.dial(
      Cloud::shell("a", "stty size; read x; stty size; echo got $x; exit 5", "&tty=true&rows=30&cols=90"));
  std::string shown;
  std::optional<int> exit;
  const auto until = [&](const std::string& text) {
    while (shown.find(text) == std::string::npos) {
      const auto message = wire.next();
      if (!message) break;
      if (!message->text) shown += message->data;
      if (message->text && message->data.find("\"exit\"") != std::string::npos)
        exit = static_cast<int>(json::parse(message->data).at("exit_code").as_int64());
    }
  };
  until("30 90\r\n");
  wire.say({{"type", "resize"}, {"rows", 40}, {"cols", 100}});
  wire.send("typed\n");
  until("(never)");
  CHECK(shown.find("40 100\r\n") != std::string::npos);
  CHECK(shown.find("got typed\r\n") != std::string::npos);
  CHECK(exit == 5);
  CHECK(wire.broken());
}

TEST_CASE("emulator/sprites: misbehaviour that the live service has shown", "[unit][sprites]") {
  Cloud cloud(Cloud::Settings{{"lingerMs", "0"}, {"replayBytes", "1000"}});
  cloud.make("a");
  constexpr const char* route = "GET /v1/sprites/\\{name\\}/exec";
  cloud.misbehave(route, "fast-path");
  const auto fast = cloud.shellRun("a", "head -c 5000 /dev/zero; echo err >&2; exit 2");
  CHECK(fast.out.size() == 1000);
  CHECK(fast.out.ends_with("err\n"));
  CHECK(fast.err.empty());
  CHECK(fast.exitFrame == 2);
  CHECK(fast.debug.back().starts_with("fast_path attach_err=session has exited exit_code=2"));

  cloud.misbehave(route, "exit-text-first");
  CHECK(cloud.shellRun("a", "echo out").order == Order{"debug", "session_info", "debug", "exit", "1", "3"});

  cloud.misbehave(route, "no-exit");
  const auto silent = cloud.shellRun("a", "echo out");
  CHECK(silent.out == "out\n");
  CHECK_FALSE(silent.exitFrame);
  CHECK_FALSE(silent.exitText);

  cloud.misbehave(route, "output-after-exit");
  auto late = cloud.dial(Cloud::shell("a", "echo out"));
  CHECK(Cloud::watch(late).exitFrame == 0);
  CHECK(late.next()->data == "\x01late\n");

  cloud.misbehave(route, "silence");
  auto dead = cloud.dial(Cloud::shell("a", "touch begun"), Cloud::token, std::chrono::milliseconds(200));
  CHECK_FALSE(dead.next());
  CHECK(dead.broken());
  CHECK(cloud.shellRun("a", "until [ -e begun ]; do sleep 0.01; done").exitFrame == 0);

  cloud.misbehave(route, "no-such-manner");
  CHECK(cloud.dial(Cloud::shell("a", "true")).status() == 400);
}

}  // namespace mooring::test
