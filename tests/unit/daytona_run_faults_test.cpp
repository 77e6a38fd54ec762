// Runs whose requests or replies go wrong, that are called off, and that are fed.
#include "daytona_guest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <stop_token>

namespace mooring::test::daytona {
namespace {

std::string commandIn(Exchange& exchange) {
  exchange.readBody();
  return std::string(boost::json::parse(exchange.request().body).at("command").as_string());
}

bool isExecute(Exchange& exchange) { return exchange.request().target.ends_with("/process/execute"); }

/// Does what was asked for and loses the answer, in one of the ways in which answers are lost.
bool loseAnswer(ShellGuest& guest, Exchange& exchange, const std::string& way) {
  if (way == "before") {
    exchange.reset();
    return true;
  }
  const auto printed = guest.execute(commandIn(exchange));
  const auto body = boost::json::serialize(boost::json::value{{"exitCode", 0}, {"result", printed}});
  if (way == "reset") {
    exchange.reset();
  } else if (way == "502") {
    exchange.reply(502);
  } else if (way == "500") {
    exchange.reply(500, R"({"statusCode":500,"message":"oops"})");
  } else if (way == "408") {
    exchange.reply(408, R"({"statusCode":408,"message":"request timeout"})");
  } else if (way == "other JSON") {
    exchange.reply(200, R"({"something":"else"})");
  } else if (way == "no JSON") {
    exchange.reply(200, "<html>hello</html>");
  } else if (way == "cut") {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, body.size() / 2));
    exchange.reset();
  }
  return true;
}

TEST_CASE("daytona/run: a lost answer is asked for again, and the command runs once",
          "[unit][daytona][run]") {
  GuestWorld world;
  const std::string way = GENERATE("before", "reset", "502", "500", "408", "other JSON", "no JSON", "cut");
  INFO(way);
  world.guest.onRequest(
      [&](Exchange& exchange, int number) { return number == 1 && loseAnswer(world.guest, exchange, way); });
  const auto ended = world.end(script("echo ran >>effects; echo out; echo err >&2; exit 4"));
  CHECK(ended.exitCode == 4);
  CHECK(world.seen->out == "out\n");
  CHECK(world.seen->err == "err\n");
  CHECK(world.seen->starts == 1);
  CHECK(readFile(world.guest.home() / "effects") == "ran\n");
}

TEST_CASE("daytona/run: output arrives once, whichever of its answers are lost", "[unit][daytona][run]") {
  GuestWorld world;
  const std::string way = GENERATE("reset", "cut", "502");
  world.guest.onRequest([&](Exchange& exchange, int number) {
    return isExecute(exchange) && number % 3 == 0 && loseAnswer(world.guest, exchange, way);
  });
  CHECK(world.end(script("seq 1 600000; echo done >&2")).exitCode == 0);
  std::string expected;
  for (int i = 1; i <= 600'000; ++i)
    expected += std::to_string(i) + "\n";
  CHECK((world.seen->out == expected));
  CHECK(world.seen->err == "done\n");
}

TEST_CASE("daytona/run: what may have begun is outcomeUnknown, what cannot have is not",
          "[unit][daytona][run]") {
  GuestWorld world;
  const auto spec = script("echo ran >>effects");
  SECTION("every answer is lost") {
    world.guest.onRequest([&](Exchange& exchange, int) {
      return isExecute(exchange) && loseAnswer(world.guest, exchange, "reset");
    });
    CHECK(failsWith(world.run(spec), Errc::outcomeUnknown));
    CHECK(readFile(world.guest.home() / "effects") == "ran\n");
  }
  SECTION("the sandbox is stopped") {
    world.guest.onRequest([&](Exchange& exchange, int) {
      exchange.readBody();
      if (isExecute(exchange)) {
        exchange.reply(
            400,
            R"({"statusCode":400,"message":"bad request: failed to resolve container IP after 3 attempts: no IP address found. Is the Sandbox started?"})");
      } else {
        exchange.reply(200,
                       R"({"id":"box","name":"box","state":"stopped","toolboxProxyUrl":"http://x/toolbox"})");
      }
      return true;
    });
    CHECK(failsWith(world.run(spec), Errc::notRunning));
  }
  SECTION("it vanishes after an answer was lost") {
    world.guest.onRequest([&](Exchange& exchange, int number) {
      if (number == 1) return loseAnswer(world.guest, exchange, "reset");
      exchange.readBody();
      if (isExecute(exchange)) {
        exchange.reply(
            401,
            R"({"statusCode":401,"message":"unauthorized: authentication failed: Bearer token is invalid"})");
      } else {
        exchange.reply(404, R"({"statusCode":404,"message":"not found"})");
      }
      return true;
    });
    CHECK(failsWith(world.run(spec), Errc::outcomeUnknown));
  }
  SECTION("it was never there") {
    world.guest.onRequest([&](Exchange& exchange, int) {
      exchange.readBody();
      exchange.reply(isExecute(exchange) ? 401 : 404, R"({"message":"no"})");
      return true;
    });
    CHECK(failsWith(world.run(spec), Errc::gone));
  }
}

TEST_CASE("daytona/run: a call's end kills the whole group and keeps what was printed",
          "[unit][daytona][run]") {
  GuestWorld world;
  std::stop_source stop;
  world.seen = std::make_unique<Seen>();
  world.seen->onBytes = [&] { stop.request_stop(); };
  CallOptions call;
  call.stopToken = stop.get_token();
  mooring::daytona::Commands commands(world.account);
  const auto ended = test::run(
      commands.run(world.instance,
                   script("mkfifo hold; exec 9<>hold; (sh -c 'sleep 1000; :'; :) & echo up; sleep 1000; :"),
                   *world.seen,
                   call),
      call);
  REQUIRE(ok(ended));
  CHECK(ended->interrupted);
  CHECK(ended->killConfirmed);
  CHECK(ended->exitCode == 137);
  CHECK(world.seen->out == "up\n");
  // Nobody has it open any more.
  CHECK(world.end(script(": >hold & exec cat hold")).exitCode == 0);
}

TEST_CASE("daytona/run: a command that has ended is not taken for killed", "[unit][daytona][run]") {
  GuestWorld world;
  std::stop_source stop;
  world.guest.onRequest([&](Exchange& exchange, int number) {
    if (number != 1) return false;
    // It ends; its answer never comes.
    static_cast<void>(world.guest.execute(commandIn(exchange)));
    stop.request_stop();
    exchange.clientGone();
    return true;
  });
  CallOptions call;
  call.stopToken = stop.get_token();
  const auto ended = world.run(script("echo out; exit 3"), call);
  REQUIRE(ok(ended));
  CHECK_FALSE(ended->interrupted);
  CHECK(ended->exitCode == 3);
  CHECK(world.seen->out == "out\n");
}

/// Gives `total` bytes, or for ever; counts what was taken.
class Counting final : public ByteSource {
 public:
  explicit Counting(std::optional<std::uint64_t> total, bool sized = false) : total_(total), sized_(sized) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    const auto left = total_ ? *total_ - taken : std::uint64_t{1} << 40;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left));
    for (std::size_t i = 0; i < count; ++i)
      buffer[i] = static_cast<std::byte>((taken + i) * 31 >> 3 & 0xFF);
    taken += count;
    co_return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return sized_ ? total_ : std::nullopt; }
  std::uint64_t taken = 0;

 private:
  std::optional<std::uint64_t> total_;
  bool sized_;
};

std::string counted(std::size_t total) {
  std::string out;
  for (std::size_t i = 0; i < total; ++i)
    out += static_cast<char>(i * 31 >> 3 & 0xFF);
  return out;
}

TEST_CASE("daytona/run: input of any length arrives whole, whatever gets lost", "[unit][daytona][run]") {
  GuestWorld world;
  const bool sized = GENERATE(false, true);
  const auto total = static_cast<std::size_t>(GENERATE(100'000, 3'500'000));
  const bool faulty = GENERATE(false, true);
  if (faulty) {
    world.guest.onRequest([&](Exchange& exchange, int number) {
      return number % 4 == 0 && isExecute(exchange) && loseAnswer(world.guest, exchange, "reset");
    });
  }
  auto spec = program("cat");
  spec.input = std::make_shared<Counting>(total, sized);
  CHECK(world.end(spec).exitCode == 0);
  CHECK((world.seen->out == counted(total)));
}

TEST_CASE("daytona/run: an endless input ends with its command", "[unit][daytona][run]") {
  GuestWorld world;
  auto source = std::make_shared<Counting>(std::nullopt);
  auto spec = script("head -c 5; exec <&-; exit 8");
  spec.input = source;
  CHECK(world.end(spec).exitCode == 8);
  CHECK(world.seen->out == counted(5));
  CHECK(source->taken <= std::uint64_t{8} << 20);
}

TEST_CASE("daytona/run: an input that fails kills the command", "[unit][daytona][run]") {
  class Failing final : public ByteSource {
   public:
    Task<std::size_t> read(std::span<std::byte> buffer) override {
      if (std::exchange(begun_, true)) co_return failure(Errc::corrupted, "the source broke");
      buffer[0] = std::byte{'x'};
      co_return 1;
    }

   private:
    bool begun_ = false;
  };
  GuestWorld world;
  auto spec = script("cat; sleep 1000");
  spec.input = std::make_shared<Failing>();
  CHECK(failsWith(world.run(spec), Errc::outcomeUnknown, "the source broke"));
}

}  // namespace
}  // namespace mooring::test::daytona
