#include "apis.hpp"
#include "exec/gate.hpp"
#include "sprites_account.hpp"

#include <boost/asio/this_coro.hpp>

#include <csignal>
#include <stop_token>

using namespace mooring;
using test::failsWith;
using test::ok;
using test::sprites::instance;
using test::sprites::mark;
using test::sprites::Sent;
using test::sprites::spriteJson;
using test::sprites::Wire;

namespace {

class Output final : public RunObserver {
 public:
  void onStarted() override { ++starts; }
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::out ? out : err) += asText(bytes);
  }
  int starts = 0;
  std::string out;
  std::string err;
};

struct Runs : Wire {
  sprites::Commands commands{account};
  Output output;

  Result<CommandEnd> run(CommandSpec command, CallOptions call = CallOptions()) {
    return test::run(commands.run(instance(), std::move(command), output, call), call);
  }
};

CommandSpec command(std::string program = "true") {
  CommandSpec out;
  out.program = std::move(program);
  return out;
}

/// The answer to a kill, and what the gate makes of it.
Task<http::Response> killed(std::shared_ptr<test::ScriptedSocket> socket) {
  socket->sayBytes(std::string("\2") + mark + "\n");
  socket->sayBytes(std::string("\1") + mark + " killed 137\n");
  http::Response response;
  response.status = 200;
  co_return response;
}

/// The same where the connection breaks before the gate can answer.
Task<http::Response> brokenKill(std::shared_ptr<test::ScriptedSocket> socket) {
  socket->breakOff();
  http::Response response;
  response.status = 200;
  co_return response;
}

/// Keeps what the provider says although the operation around it was called off.
Task<void> runCalm(sprites::Commands* commands, Output* output, std::shared_ptr<Result<CommandEnd>> into) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const CallOptions none;
  auto wanted = command("sleep");
  *into = co_await commands->run(instance(), std::move(wanted), *output, none);
  co_return Result<void>();
}

}  // namespace

TEST_CASE("sprites/run: is one socket and no request, and says nothing in the URL", "[unit][sprites]") {
  Runs runs;
  auto socket = runs.acceptRun("out\n", 9, "err\n");
  auto wanted = command("prog");
  wanted.args = {"secret argument"};
  wanted.env = {{"SECRET", "hidden value"}};
  const auto end = runs.run(wanted);
  REQUIRE(ok(end));
  CHECK(end->exitCode == 9);
  CHECK(runs.output.out == "out\n");
  CHECK(runs.output.err == "err\n");
  CHECK(runs.output.starts == 1);
  CHECK(runs.wire->count() == 0);
  REQUIRE(runs.sockets->opened.size() == 1);
  const auto& opened = runs.sockets->opened.front();
  CHECK(opened.url == "https://api.test/v1/sprites/key-1/exec" + sprites::gateQuery());
  CHECK(opened.token.reveal() == test::sprites::token);
  // Closed by us, and not waited for.
  CHECK(socket->closed);
  const std::string header = std::string("\0", 1) + mark +
                             "\nvSECRET=hidden value\naprog\nasecret argument\n";
  REQUIRE(socket->heardAll.size() >= 2);
  CHECK(socket->heardAll[0].data == header);
  CHECK(socket->heardAll[1].data == std::string("\0go\n", 4));
}

TEST_CASE("sprites/run: input follows the gate's word, and then its end", "[unit][sprites]") {
  Runs runs;
  auto input = std::make_shared<std::string>();
  auto socket = std::make_shared<test::ScriptedSocket>(
      [input](test::ScriptedSocket& self, const http::Message& message) {
        if (message.data == "\4") {
          self.sayBytes(std::string("\1") + mark + " started\n" + *input);
          self.sayBytes(std::string("\2") + mark + "\n");
          self.sayBytes(std::string("\1") + mark + " ended 0\n");
        } else {
          *input += message.data.substr(1);
        }
      });
  socket->say(R"({"type":"session_info","session_id":"7"})");
  runs.sockets->accept(socket);
  auto wanted = command("cat");
  wanted.input = sourceOf(std::string(100'000, 'x'));
  REQUIRE(ok(runs.run(wanted)));
  CHECK(runs.output.out.ends_with("go\n" + std::string(100'000, 'x')));
}

TEST_CASE("sprites/run: what fails before the gate's word is tried again", "[unit][sprites]") {
  Runs runs;
  SECTION("a refusal that passes") { runs.sockets->refuse(502, "<html>"); }
  SECTION("a limit") { runs.sockets->refuse(429, "", {{"Retry-After", "7"}}); }
  SECTION("no connection") { runs.sockets->fail(makeError(Errc::unavailable, "no route")); }
  SECTION("a connection that breaks at once") {
    auto broken = std::make_shared<test::ScriptedSocket>();
    broken->breakOff();
    runs.sockets->accept(broken);
  }
  SECTION("one that is closed") {
    auto broken = std::make_shared<test::ScriptedSocket>();
    broken->say(R"({"type":"debug"})");
    broken->sayGoodbye();
    runs.sockets->accept(broken);
  }
  runs.acceptRun("", 0);
  CHECK(ok(runs.run(command())));
  CHECK(runs.output.starts == 1);
  CHECK_FALSE(runs.pause->slept.empty());
}

TEST_CASE("sprites/run: what fails after it may have happened", "[unit][sprites]") {
  Runs runs;
  SECTION("cut off") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string&) { socket.breakOff(); });
  }
  SECTION("closed without an end") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string& gateMark) {
      socket.sayBytes("\1" + gateMark + " started\nsome");
      socket.say(R"({"type":"exit","exit_code":0})");
      socket.sayGoodbye();
    });
  }
  SECTION("an end without the gate's word") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string& gateMark) {
      socket.sayBytes("\1" + gateMark + " started\nsome");
      socket.sayBytes(std::string("\3\0", 2));
    });
  }
  SECTION("half of the output") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string& gateMark) {
      socket.sayBytes("\1" + gateMark + " started\n" + gateMark + " ended 0\n");
      socket.sayBytes(std::string("\3\0", 2));
    });
  }
  SECTION("an end without a code") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string& gateMark) {
      socket.sayBytes("\1" + gateMark + " started\nsome");
      socket.sayBytes("\3");
    });
  }
  SECTION("a message of another kind") {
    runs.acceptGate([](test::ScriptedSocket& socket, const std::string&) { socket.sayBytes("\11"); });
  }
  CHECK(failsWith(runs.run(command()), Errc::outcomeUnknown));
  CHECK(runs.sockets->opened.size() == 1);
}

TEST_CASE("sprites/run: whoever kills the gate ends the command", "[unit][sprites]") {
  Runs runs;
  runs.acceptGate([](test::ScriptedSocket& socket, const std::string& gateMark) {
    socket.sayBytes("\1" + gateMark + " started\n");
    socket.sayBytes("\3\x89");
  });
  const auto end = runs.run(command());
  REQUIRE(ok(end));
  CHECK(end->exitCode == 137);
}

TEST_CASE("sprites/run: what the gate refuses never ran", "[unit][sprites]") {
  Runs runs;
  const auto [said, code] = GENERATE(values<std::pair<std::string, Errc>>(
      {{"stopped", Errc::notRunning}, {"nowhere", Errc::notFound}, {"lacks setsid", Errc::unsupported}}));
  runs.acceptGate([word = said](test::ScriptedSocket& socket, const std::string& gateMark) {
    socket.sayBytes("\1" + gateMark + " " + word + "\n");
    socket.sayBytes("\3\x7d");
  });
  CHECK(failsWith(runs.run(command()), code));
  CHECK(runs.output.starts == 0);
}

TEST_CASE("sprites/run: a 404 is looked into", "[unit][sprites]") {
  Runs runs;
  runs.sockets->refuse(404, R"({"error":"sprite not found"})");
  SECTION("no sprite") {
    runs.wire->reply(404, R"({"error":"sprite not found"})");
    CHECK(failsWith(runs.run(command()), Errc::gone));
  }
  SECTION("there is one") {
    runs.wire->reply(200, spriteJson());
    CHECK(failsWith(runs.run(command()), Errc::notFound));
  }
  CHECK(runs.sent() == Sent{"GET /v1/sprites/key-1"});
}

TEST_CASE("sprites/run: a bad token is a bad token", "[unit][sprites]") {
  Runs runs;
  runs.sockets->refuse(401, R"({"error":"authentication failed"})");
  CHECK(failsWith(runs.run(command()), Errc::unauthenticated, "SPRITES_API_TOKEN"));
  CHECK(runs.sockets->opened.size() == 1);
}

TEST_CASE("sprites/run: called off, it is killed by one request, and the kill is confirmed",
          "[unit][sprites]") {
  Runs runs;
  std::stop_source stop;
  auto socket = runs.acceptGate([&stop](test::ScriptedSocket& self, const std::string& gateMark) {
    self.sayBytes("\1" + gateMark + " started\nup\n");
    stop.request_stop();
  });
  runs.wire->answer([socket](const http::Request&) { return killed(socket); });
  CallOptions call;
  call.stopToken = stop.get_token();
  auto ended = std::make_shared<Result<CommandEnd>>();
  static_cast<void>(test::run(runCalm(&runs.commands, &runs.output, ended), call));
  REQUIRE(ok(*ended));
  CHECK((*ended)->interrupted);
  CHECK((*ended)->killConfirmed);
  CHECK((*ended)->exitCode == 128 + SIGKILL);
  CHECK(runs.sent() == Sent{"POST /v1/sprites/key-1/exec/1847/kill?signal=SIGTERM&timeout=10s"});
}

TEST_CASE("sprites/run: a source that breaks takes the command with it", "[unit][sprites]") {
  class Failing final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte>) override { co_return failure(Errc::corrupted, "it broke"); }
  };
  Runs runs;
  auto socket = runs.acceptGate([](test::ScriptedSocket& self, const std::string& gateMark) {
    self.sayBytes("\1" + gateMark + " started\n");
  });
  runs.wire->answer([socket](const http::Request&) { return killed(socket); });
  auto wanted = command("cat");
  wanted.input = std::make_shared<Failing>();
  CHECK(failsWith(runs.run(wanted), Errc::corrupted, "it broke"));
}

TEST_CASE("sprites/run: a kill that nobody can confirm is said to be one", "[unit][sprites]") {
  Runs runs;
  std::stop_source stop;
  auto socket = runs.acceptGate([&stop](test::ScriptedSocket& self, const std::string& gateMark) {
    self.sayBytes("\1" + gateMark + " started\n");
    stop.request_stop();
  });
  runs.wire->answer([socket](const http::Request&) { return brokenKill(socket); });
  CallOptions call;
  call.stopToken = stop.get_token();
  auto ended = std::make_shared<Result<CommandEnd>>();
  static_cast<void>(test::run(runCalm(&runs.commands, &runs.output, ended), call));
  REQUIRE(ok(*ended));
  CHECK((*ended)->interrupted);
  CHECK_FALSE((*ended)->killConfirmed);
}
