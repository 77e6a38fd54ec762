// Files, checkpoints, previews and forwarding: what they ask.
#include "apis.hpp"
#include "native.hpp"
#include "sprites_account.hpp"

using namespace mooring;
using test::failsWith;
using test::ok;
using test::sprites::instance;
using test::sprites::Sent;
using test::sprites::spriteJson;
using test::sprites::Wire;

namespace {

const std::string uuid = "00000000-0000-7000-8000-000000000001";
const std::string sprite = "/v1/sprites/key-1";

class StringSink final : public ByteSink {
 public:
  Task<void> write(std::span<const std::byte> bytes) override {
    text += asText(bytes);
    co_return Result<void>();
  }
  std::string text;
};

struct Calls : Wire {
  sprites::Files files{account};
  sprites::Checkpoints checkpoints{account};
  sprites::Previews previews{account};
  sprites::Forwarding forwarding{account};
  CallOptions call;
};

}  // namespace

TEST_CASE("sprites/files: reading is one request, from any offset", "[unit][sprites]") {
  Calls calls;
  auto sink = std::make_shared<StringSink>();
  calls.wire->reply(200, "0123456789");
  REQUIRE(ok(test::run(calls.files.read(instance(), SandboxPath("a b"), 4, sink, calls.call))));
  CHECK(sink->text == "456789");
  CHECK(calls.sent() == Sent{"GET " + sprite + "/fs/read?path=a%20b&workingDir=%2Fhome%2Fsprite"});
}

TEST_CASE("sprites/files: a missing file is told from a missing sprite", "[unit][sprites]") {
  Calls calls;
  auto sink = std::make_shared<StringSink>();
  const auto read = [&] {
    return test::run(calls.files.read(instance(), SandboxPath("f"), 0, sink, calls.call));
  };
  calls.wire->reply(404,
                    R"({"error":"open /home/sprite/f: no such file or directory","path":"/home/sprite/f"})");
  CHECK(failsWith(read(), Errc::notFound));
  CHECK(calls.wire->count() == 1);
  calls.wire->reply(404, R"({"error":"sprite not found"})");
  calls.wire->reply(404, R"({"error":"sprite not found"})");
  CHECK(failsWith(read(), Errc::gone));
  calls.wire->reply(404, "not found");
  calls.wire->reply(200, spriteJson());
  CHECK(failsWith(read(), Errc::notFound));
}

TEST_CASE("sprites/files: any number of files are one request and one socket", "[unit][sprites]") {
  Calls calls;
  calls.wire->reply(200, R"({"path":"x","size":1,"mode":"0600"})");
  auto socket = calls.acceptRun("", 0);
  auto left = std::make_shared<int>(3);
  auto next = [left]() -> std::optional<FileUpload> {
    if ((*left)-- == 0) return std::nullopt;
    return FileUpload{SandboxPath("f" + std::to_string(*left)), sourceOf("bytes"), WriteOptions()};
  };
  REQUIRE(ok(test::run(calls.files.writeMany(instance(), next, calls.call))));
  CHECK(calls.sent() == Sent{"PUT " + sprite + "/fs/write?path=%2Fvar%2Ftmp%2F.mooring-" + uuid +
                             ".tar&workingDir=%2Fhome%2Fsprite&mkdirParents=true&mode=0600"});
  CHECK(calls.body(0).find("put 3 '' './f0' 644") != std::string::npos);
  CHECK(socket->heardAll.front().data.find("a/var/tmp/.mooring-" + uuid + "\n") != std::string::npos);
}

TEST_CASE("sprites/files: facts come from a script, and its words decide", "[unit][sprites]") {
  Calls calls;
  using namespace std::string_literals;
  calls.acceptRun("f 640 5 1769860800.5 file\0\0"s, 0);
  const auto info = test::run(calls.files.stat(instance(), SandboxPath("file"), calls.call));
  REQUIRE(ok(info));
  CHECK(info->name == "file");
  CHECK(info->mode == 0640);
  calls.acceptRun("", 94);
  CHECK(
      failsWith(test::run(calls.files.stat(instance(), SandboxPath("absent"), calls.call)), Errc::notFound));
  calls.acceptRun("", 1, "chmod: Operation not permitted\n");
  CHECK(failsWith(test::run(calls.files.setMode(instance(), SandboxPath("f"), 0600, calls.call)),
                  Errc::permissionDenied,
                  "set the mode of f"));
}

TEST_CASE("sprites/files: a look is repeated where its end was lost, a change is not", "[unit][sprites]") {
  Calls calls;
  using namespace std::string_literals;
  calls.acceptGate([](test::ScriptedSocket& socket, const std::string&) { socket.breakOff(); });
  calls.acceptRun("f 640 5 1769860800.5 file\0\0"s, 0);
  CHECK(ok(test::run(calls.files.stat(instance(), SandboxPath("file"), calls.call))));
  calls.acceptGate([](test::ScriptedSocket& socket, const std::string&) { socket.breakOff(); });
  CHECK(failsWith(test::run(calls.files.move(instance(), SandboxPath("a"), SandboxPath("b"), calls.call)),
                  Errc::outcomeUnknown,
                  "move a to b"));
}

TEST_CASE("sprites/checkpoints: a new one is found by its comment", "[unit][sprites]") {
  Calls calls;
  const auto list =
      R"([{"id":"Current","create_time":"2026-01-31T12:00:00Z"},{"id":"v10","comment":"mine [mooring )" +
      uuid + R"(]","create_time":"2026-01-31T12:00:00Z"},{"id":"v9","comment":"older"}])";
  SECTION("in good order") {
    calls.wire->reply(
        200, "{\"type\":\"info\",\"data\":\"x\"}\n{\"type\":\"complete\",\"data\":\"Checkpoint v10\"}\n");
  }
  SECTION("the answer was lost") { calls.loseReply(); }
  SECTION("the answer broke off") { calls.wire->reply(200, R"({"type":"info","data":"x"})"); }
  calls.wire->reply(200, list);
  const auto made = test::run(calls.checkpoints.create(instance(), "mine", calls.call));
  REQUIRE(ok(made));
  CHECK(made->id.value == "v10");
  CHECK(made->comment == "mine");
  CHECK(calls.sent() == Sent{"POST " + sprite + "/checkpoint", "GET " + sprite + "/checkpoints"});
  CHECK(calls.body(0) == R"({"comment":"mine [mooring )" + uuid + R"(]"})");

  calls.wire->reply(200, list);
  const auto all = test::run(calls.checkpoints.list(instance(), calls.call));
  REQUIRE(ok(all));
  REQUIRE(all->size() == 2);  // Oldest first, and without the live state.
  CHECK(all->at(0).id.value == "v9");
  CHECK(all->at(1).comment == "mine");
}

TEST_CASE("sprites/checkpoints: an error under a 200 is an error", "[unit][sprites]") {
  Calls calls;
  calls.wire->reply(200, R"({"type":"error","error":"disk on fire"})");
  CHECK(failsWith(
      test::run(calls.checkpoints.create(instance(), "", calls.call)), Errc::unavailable, "disk on fire"));
  calls.wire->reply(200, R"({"id":"v1"})");
  calls.acceptRun("", 0);
  calls.wire->reply(200, R"({"type":"error","error":"mount failed"})");
  calls.acceptRun("", 0);  // The witness is removed.
  CHECK(failsWith(test::run(calls.checkpoints.restore(instance(), CheckpointId("v1"), calls.call)),
                  Errc::unavailable,
                  "mount failed"));
}

TEST_CASE("sprites/checkpoints: one that is neither confirmed nor listed may have been made",
          "[unit][sprites]") {
  Calls calls;
  calls.loseReply();
  calls.wire->reply(200, "null");
  CHECK(failsWith(test::run(calls.checkpoints.create(instance(), "", calls.call)), Errc::outcomeUnknown));
}

TEST_CASE("sprites/checkpoints: restored is what no longer knows the witness", "[unit][sprites]") {
  Calls calls;
  calls.wire->reply(200, R"({"id":"v1"})");
  calls.acceptRun("", 0);  // Made.
  calls.wire->reply(200, R"({"type":"complete","data":"restoring"})");
  calls.acceptRun("", 0);  // The old environment still answers.
  for (int i = 0; i < 4; ++i)
    calls.sockets->refuse(502, "<html>");
  calls.acceptRun("", 1);
  REQUIRE(ok(test::run(calls.checkpoints.restore(instance(), CheckpointId("v1"), calls.call))));
  CHECK(calls.sent() ==
        Sent{"GET " + sprite + "/checkpoints/v1", "POST " + sprite + "/checkpoints/v1/restore"});
}

TEST_CASE("sprites/checkpoints: an unknown one is notFound, and nothing is removed", "[unit][sprites]") {
  Calls calls;
  const auto id = GENERATE(as<std::string>{}, "", "../..", "Current", "v");
  CHECK(failsWith(test::run(calls.checkpoints.restore(instance(), CheckpointId(id), calls.call)),
                  Errc::notFound));
  CHECK(calls.wire->count() == 0);
  CHECK(failsWith(test::run(calls.checkpoints.remove(instance(), CheckpointId("v1"), calls.call)),
                  Errc::unsupported));
}

TEST_CASE("sprites/previews: port 8080, with the token in a header unless it is public", "[unit][sprites]") {
  Calls calls;
  auto preview = test::run(calls.previews.url(instance(), 8080, calls.call));
  REQUIRE(ok(preview));
  CHECK(preview->url == "https://key-1-x.sprites.app");
  REQUIRE(preview->headers.contains("Authorization"));
  CHECK(preview->headers.at("Authorization").reveal() == std::string("Bearer ") + test::sprites::token);
  CHECK(calls.wire->count() == 0);

  auto open = instance();
  open.connection["public"] = true;
  preview = test::run(calls.previews.url(open, 8080, calls.call));
  REQUIRE(ok(preview));
  CHECK(preview->headers.empty());
  CHECK(failsWith(test::run(calls.previews.url(instance(), 3000, calls.call)), Errc::unsupported, "8080"));
}

TEST_CASE("sprites/forwarding: connects by a text, then carries bytes until either side ends",
          "[unit][sprites]") {
  Calls calls;
  auto socket = std::make_shared<test::ScriptedSocket>(
      [](test::ScriptedSocket& self, const http::Message& message) {
        if (message.text) self.say(R"({"status":"connected","target":"10.0.0.1:3000"})");
        if (message.data == "ping") {
          self.sayBytes("pong");
          self.sayGoodbye();
        }
      });
  calls.sockets->accept(socket);
  /// Says one word, and then waits for ever.
  class Waiting final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte> buffer) override {
      if (!std::exchange(said_, true)) {
        std::ranges::copy(asBytes("ping"), buffer.begin());
        co_return 4;
      }
      boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                      boost::asio::steady_timer::time_point::max());
      co_await never.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      co_return 0;
    }

   private:
    bool said_ = false;
  };
  auto sink = std::make_shared<StringSink>();
  REQUIRE(ok(
      test::run(calls.forwarding.connect(instance(), 3000, std::make_shared<Waiting>(), sink, calls.call))));
  CHECK(sink->text == "pong");
  CHECK(socket->heardAll.front().data == R"({"host":"localhost","port":3000})");
  CHECK(socket->closed);
  CHECK(calls.sockets->opened.front().url == "https://api.test" + sprite + "/proxy");
}

TEST_CASE("sprites/forwarding: what is not connected is notFound", "[unit][sprites]") {
  Calls calls;
  auto socket = std::make_shared<test::ScriptedSocket>();
  SECTION("said so") { socket->say(R"({"status":"error","error":"connection refused"})"); }
  SECTION("closed") { socket->sayGoodbye(); }
  calls.sockets->accept(socket);
  CHECK(test::run(calls.previews.answers(instance(), 3000, calls.call)) == false);
  CHECK(failsWith(test::run(calls.previews.answers(instance(), 0, calls.call)), Errc::invalidArgument));
}

TEST_CASE("sprites/native: sessions are listed, and followed or killed only when they are the same",
          "[unit][sprites]") {
  Calls calls;
  const auto parts = std::make_shared<const sprites::NativeParts>(
      sprites::NativeParts{calls.account, instance()});
  const sprites::Native native(parts);
  CHECK(native.name() == "key-1");
  const std::string list =
      R"({"count":1,"sessions":[{"id":"1847","command":"sleep 9","workdir":"/home/sprite",)"
      R"("created":"2026-01-31T12:00:00Z","tty":true,"is_active":false}]})";
  calls.wire->reply(200, list);
  auto sessions = native.sessions().get();
  REQUIRE(ok(sessions));
  REQUIRE(sessions->size() == 1);
  CHECK(sessions->front().command == "sleep 9");
  CHECK(sessions->front().terminal);

  calls.wire->reply(200, list);
  calls.wire->reply(410, "already exited");
  CHECK(ok(native.kill(sessions->front()).get()));
  CHECK(calls.sent().back() == "POST " + sprite + "/exec/1847/kill?signal=SIGTERM&timeout=10s");

  calls.wire->reply(200, list);
  auto terminal = std::make_shared<test::ScriptedSocket>();
  terminal->say(R"({"type":"session_info","session_id":"1847","tty":true})");
  terminal->sayBytes("\1 is no frame here");
  terminal->say(R"({"type":"exit","exit_code":3})");
  calls.sockets->accept(terminal);
  std::string shown;
  const auto show = [&shown](Stream stream, std::string_view bytes) {
    shown += (stream == Stream::out ? "out:" : "err:") + std::string(bytes) + ";";
  };
  CHECK(native.follow(sessions->front(), show).get() == 3);
  CHECK(shown == "out:\1 is no frame here;");
  CHECK(calls.sockets->opened.back().url == "https://api.test" + sprite + "/exec/1847?stdin=false");

  calls.wire->reply(200, list);
  auto piped = std::make_shared<test::ScriptedSocket>();
  piped->say(R"({"type":"session_info","session_id":"1847","tty":false})");
  piped->sayBytes("\1one");
  piped->say(R"({"type":"exit","exit_code":4})");
  piped->sayBytes("\2two");
  SECTION("a session without a terminal ends with the frame that says so") {
    piped->sayBytes("\3\4");
    calls.sockets->accept(piped);
    shown.clear();
    CHECK(native.follow(sessions->front(), show).get() == 4);
    CHECK(shown == "out:one;err:two;");
  }
  SECTION("or with the connection, once its exit was announced") {
    piped->sayGoodbye();
    calls.sockets->accept(piped);
    CHECK(native.follow(sessions->front(), show).get() == 4);
  }
  SECTION("but a connection that ends before is no end") {
    auto broken = std::make_shared<test::ScriptedSocket>();
    broken->say(R"({"type":"session_info","session_id":"1847","tty":false})");
    broken->sayGoodbye();
    calls.sockets->accept(broken);
    CHECK(failsWith(native.follow(sessions->front(), show).get(), Errc::unavailable));
  }

  auto other = sessions->front();
  other.command = "what had the id before";
  calls.wire->reply(200, list);
  CHECK(ok(native.kill(other).get()));
  CHECK(calls.sent().back() == "GET " + sprite + "/exec");
  calls.wire->reply(200, list);
  CHECK(failsWith(native.follow(other, show).get(), Errc::notFound));
}
