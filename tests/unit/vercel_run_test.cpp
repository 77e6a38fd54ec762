#include <mooring/detail/base64.hpp>

#include "apis.hpp"
#include "vercel_account.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace mooring;
using test::failsWith;
using test::ok;
using test::vercel::instance;
using test::vercel::nonce;
using test::vercel::replyJson;
using test::vercel::SandboxShape;
using Sent = std::vector<std::string>;

namespace {

const std::string session = "/v2/sandboxes/sessions/sbx_1";
const std::string post = "POST " + session + "/cmd";
const std::string readLog = "GET " + session + "/cmd/cmd_1/logs";
const std::string askEnd = "GET " + session + "/cmd/cmd_1";
const std::string all = "GET " + session + "/cmd";
const std::string look = "GET /v2/sandboxes/key-1?projectId=prj_1&resume=false";

std::string mark() { return std::string("\x1e mooring ") + nonce; }

std::string command(const std::string& exitCode, const std::string& args = "[]") {
  return R"({"id":"cmd_1","name":"sh","args":)" + args +
         R"(,"cwd":"/vercel","sessionId":"sbx_1","startedAt":1,"exitCode":)" + exitCode + "}";
}
std::string line(const std::string& exitCode) { return R"({"command":)" + command(exitCode) + "}\n"; }
std::string reply(const std::string& exitCode) { return R"({"command":)" + command(exitCode) + "}"; }

/// One record of a stream: bytes as the wrapper prints them.
std::string record(const std::string& stream, const std::string& bytes) {
  boost::json::object out;
  out["stream"] = stream;
  out["data"] = detail::encodeBase64(bytes) + "\n";
  return boost::json::serialize(out) + "\n";
}
std::string raw(const std::string& stream, const std::string& text) {
  boost::json::object out;
  out["stream"] = stream;
  out["data"] = text;
  return boost::json::serialize(out) + "\n";
}
std::string marks() { return record("stdout", mark()) + record("stderr", mark()); }
const std::string cutOff = R"({"stream":"error","data":{"code":"sandbox_stream_closed","message":"closed"}})"
                           "\n";

class Seen final : public RunObserver {
 public:
  void onStarted() override { ++starts; }
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::out ? out : err) += asText(bytes);
  }
  int starts = 0;
  std::string out;
  std::string err;
};

struct Runs : test::vercel::Wire {
  Result<CommandEnd> run(CallOptions call = CallOptions()) {
    CommandSpec spec;
    spec.program = "tool";
    spec.cwd = "/work";
    vercel::Commands commands(account);
    return test::run(commands.run(instance(), std::move(spec), seen, std::move(call)));
  }
  void stream(const std::string& body) { wire->reply(200, body, {{"Content-Type", "application/x-ndjson"}}); }
  /// Delivers `body` and then loses the connection.
  void brokenStream(const std::string& body) {
    wire->answer([body](http::Request request) { return deliverAndBreak(std::move(request), body); });
  }
  static Task<http::Response> deliverAndBreak(http::Request request, std::string body) {
    http::Response head;
    head.status = 200;
    auto sink = request.sink(head);
    auto written = co_await sink->write(asBytes(body));
    if (!written) co_return std::unexpected(std::move(written).error());
    co_return failure(Errc::outcomeUnknown, "the connection ended");
  }

  Seen seen;
};

}  // namespace

TEST_CASE("vercel/run: a warm command is one request", "[unit][vercel]") {
  Runs runs;
  runs.stream(line("null") + record("stdout", "o\xFFut") + record("stderr", "err") + marks() + line("7"));
  const auto end = runs.run();
  REQUIRE(ok(end));
  CHECK(end->exitCode == 7);
  CHECK_FALSE(end->interrupted);
  CHECK(runs.seen.starts == 1);
  CHECK(runs.seen.out == "o\xFFut");
  CHECK(runs.seen.err == "err");
  CHECK(runs.sent() == Sent{post});
  const auto body = boost::json::parse(runs.body(0)).get_object();
  CHECK(body.at("command") == "/bin/sh");
  CHECK(body.at("wait") == true);
  CHECK(body.at("logs") == true);
}

TEST_CASE("vercel/run: a stream that breaks is gone on with where it was", "[unit][vercel]") {
  Runs runs;
  const auto whole = line("null") + record("stdout", "first ") + record("stderr", "oops") +
                     record("stdout", "second") + marks();
  const auto logs = record("stdout", "first ") + record("stderr", "oops") + record("stdout", "second") +
                    marks();
  SECTION("the connection was cut") { runs.brokenStream(whole.substr(0, whole.find("stderr"))); }
  SECTION("the service closed it in good order") { runs.stream(line("null") + record("stdout", "first ")); }
  SECTION("the service gave up") { runs.stream(line("null") + record("stdout", "first ") + cutOff); }
  runs.stream(logs);
  runs.wire->reply(200, reply("3"));
  const auto end = runs.run();
  REQUIRE(ok(end));
  CHECK(end->exitCode == 3);
  CHECK(runs.seen.starts == 1);
  CHECK(runs.seen.out == "first second");
  CHECK(runs.seen.err == "oops");
  CHECK(runs.sent() == Sent{post, readLog, askEnd});
}

TEST_CASE("vercel/run: a readLog that is cut too is read again, for as long as the command runs",
          "[unit][vercel]") {
  Runs runs;
  runs.stream(line("null"));
  for (int i = 0; i < 8; ++i) {
    runs.stream(record("stdout", "tick") + (i == 0 ? "" : record("stdout", "tock")));
    runs.wire->reply(200, reply("null"));
  }
  runs.stream(record("stdout", "tick") + record("stdout", "tock") + marks());
  runs.wire->reply(200, reply("0"));
  const auto end = runs.run();
  REQUIRE(ok(end));
  CHECK(end->exitCode == 0);
  CHECK(runs.seen.out == "ticktock");
}

TEST_CASE("vercel/run: a lost answer is resolved by our word among the arguments", "[unit][vercel]") {
  Runs runs;
  runs.loseReply();
  boost::json::array args{"-c", "script", "mooring", mark()};
  const auto ours = command("5", boost::json::serialize(args));
  SECTION("it ran") {
    runs.wire->reply(200, R"({"commands":[)" + command("1", R"(["-c","else"])") + "," + ours + "]}");
    runs.stream(record("stdout", "ran") + marks());
    runs.wire->reply(200, reply("5"));
    const auto end = runs.run();
    REQUIRE(ok(end));
    CHECK(end->exitCode == 5);
    CHECK(runs.seen.out == "ran");
    CHECK(runs.sent() == Sent{post, all, readLog, askEnd});
  }
  SECTION("nobody knows of it") {
    runs.wire->reply(200, R"({"commands":[]})");
    CHECK(failsWith(runs.run(), Errc::outcomeUnknown));
    CHECK(runs.seen.starts == 0);
    CHECK(runs.sent() == Sent{post, all});
  }
}

TEST_CASE("vercel/run: a failure of the server's is not repeated, for it may have run", "[unit][vercel]") {
  Runs runs;
  runs.refuse(502, "bad_gateway");
  runs.wire->reply(200, R"({"commands":[]})");
  CHECK(failsWith(runs.run(), Errc::outcomeUnknown));
  CHECK(runs.sent() == Sent{post, all});
}

TEST_CASE("vercel/run: a stopped session is notRunning, and nothing ran", "[unit][vercel]") {
  Runs runs;
  SECTION("stopped") { runs.refuse(410, "sandbox_stopped"); }
  SECTION("stopping") { runs.refuse(422, "sandbox_stopping"); }
  SECTION("snapshotting") { runs.refuse(422, "sandbox_snapshotting"); }
  SandboxShape shape;
  shape.status = "stopped";
  runs.wire->reply(200, replyJson(shape));
  CHECK(failsWith(runs.run(), Errc::notRunning));
  CHECK(runs.seen.starts == 0);
  CHECK(runs.sent() == Sent{post, look});
}

TEST_CASE("vercel/run: the stopped session of a deleted sandbox is gone", "[unit][vercel]") {
  Runs runs;
  runs.refuse(410, "sandbox_stopped");
  runs.refuse(404, "not_found");
  CHECK(failsWith(runs.run(), Errc::gone));
  CHECK(runs.sent() == Sent{post, look});
}

TEST_CASE("vercel/run: a missing session is looked into, never guessed at", "[unit][vercel]") {
  Runs runs;
  runs.refuse(404, "not_found");
  SECTION("no such sandbox") {
    runs.refuse(404, "not_found");
    CHECK(failsWith(runs.run(), Errc::gone));
  }
  SECTION("another session runs it") {
    SandboxShape shape;
    shape.session = "sbx_2";
    runs.wire->reply(200, replyJson(shape));
    CHECK(failsWith(runs.run(), Errc::notRunning));
  }
  SECTION("nobody can say") {
    for (int i = 0; i < 4; ++i)
      runs.refuse(503, "internal_server_error");
    CHECK(failsWith(runs.run(), Errc::unavailable));
    return;
  }
  CHECK(runs.sent() == Sent{post, look});
}

TEST_CASE("vercel/run: a sandbox that ends under a command leaves its outcome unknown", "[unit][vercel]") {
  Runs runs;
  runs.stream(line("null") + record("stdout", "half") + cutOff);
  runs.refuse(410, "sandbox_stopped");
  SandboxShape shape;
  shape.status = "stopped";
  runs.wire->reply(200, replyJson(shape));
  const auto end = runs.run();
  CHECK(failsWith(end, Errc::outcomeUnknown, "ended while the command ran"));
  CHECK(runs.seen.out == "half");
}

TEST_CASE("vercel/run: what the wrapper says becomes an error that names it", "[unit][vercel]") {
  Runs runs;
  SECTION("no working directory") {
    runs.stream(line("null") + raw("stderr", ".cwd\n") + line("125"));
    CHECK(failsWith(runs.run(), Errc::notFound, "/work"));
  }
  SECTION("a tool is missing") {
    runs.stream(line("null") + raw("stderr", ".tool base64\n") + line("125"));
    CHECK(failsWith(runs.run(), Errc::unsupported, "base64"));
  }
  SECTION("no shell") {
    runs.refuse(400, "executable_not_found");
    CHECK(failsWith(runs.run(), Errc::unsupported, "/bin/sh"));
  }
  SECTION("output is missing") {
    runs.stream(line("null") + record("stdout", "half") + line("0"));
    CHECK(failsWith(runs.run(), Errc::outcomeUnknown, "not complete"));
  }
}

TEST_CASE("vercel/run: an exit code of 125 of the command's own is a result", "[unit][vercel]") {
  Runs runs;
  runs.stream(line("null") + record("stderr", ".cwd") + marks() + line("125"));
  const auto end = runs.run();
  REQUIRE(ok(end));
  CHECK(end->exitCode == 125);
}

TEST_CASE("vercel/run: input goes along when small, and before when large", "[unit][vercel]") {
  Runs runs;
  CommandSpec spec;
  spec.program = "cat";
  vercel::Commands commands(runs.account);
  SECTION("small") {
    spec.input = sourceOf("bytes");
    runs.stream(line("null") + marks() + line("0"));
    REQUIRE(ok(test::run(commands.run(instance(), spec, runs.seen, CallOptions()))));
    CHECK(runs.sent() == Sent{post});
    CHECK(boost::json::parse(runs.body(0)).at("env").at("MOORING_RUN_INPUT") == "Ynl0ZXM=");
  }
  SECTION("large") {
    spec.input = sourceOf(std::string(100'000, 'x'));
    runs.wire->reply(200, "{}");
    runs.stream(line("null") + marks() + line("0"));
    REQUIRE(ok(test::run(commands.run(instance(), spec, runs.seen, CallOptions()))));
    CHECK(runs.sent() == Sent{"POST " + session + "/fs/write", post});
    CHECK(runs.wire->sent(0).headers.get("X-Cwd") == "/");
    CHECK(runs.wire->sent(0).headers.get("Content-Type") == "application/gzip");
  }
}

TEST_CASE("vercel/run: another project's sandbox is not mistaken for one that is gone", "[unit][vercel]") {
  Runs runs;
  auto foreign = instance();
  foreign.connection["project"] = "prj_2";
  CommandSpec spec;
  spec.program = "true";
  vercel::Commands commands(runs.account);
  CHECK(failsWith(
      test::run(commands.run(foreign, spec, runs.seen, CallOptions())), Errc::notConfigured, "prj_2"));
  CHECK(runs.wire->count() == 0);
}
