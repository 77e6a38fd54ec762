// Commands that are cancelled while they run.
#include <mooring/detail/base64.hpp>

#include "apis.hpp"
#include "support/gate.hpp"
#include "vercel_account.hpp"

#include <boost/json/serialize.hpp>

#include <future>
#include <stop_token>

using namespace mooring;
using test::ok;
using test::vercel::instance;
using test::vercel::nonce;

namespace {

std::string record(const std::string& stream, const std::string& text) {
  boost::json::object out;
  out["stream"] = stream;
  out["data"] = text;
  return boost::json::serialize(out) + "\n";
}
std::string line(const std::string& exitCode) {
  return R"({"command":{"id":"cmd_1","args":[],"exitCode":)" + exitCode + "}}\n";
}
std::string mark() { return detail::encodeBase64(std::string("\x1e mooring ") + nonce) + "\n"; }

class Seen final : public RunObserver {
 public:
  void onStarted() override { ++starts; }
  void onOutput(Stream, std::span<const std::byte> bytes) override { out += asText(bytes); }
  int starts = 0;
  std::string out;
};

enum class Answer { atOnce, late };

/// A command's stream that ends as the script says, once the kill has been asked for; a late one only begins
/// then.
struct Killed : test::vercel::Wire {
  explicit Killed(std::string ending, Answer answer = Answer::atOnce)
      : ending_(std::move(ending)), answer_(answer) {
    wire->answer([this](http::Request request) { return running(std::move(request)); });
    if (answer_ == Answer::late) {
      wire->reply(200,
                  R"({"commands":[{"id":"cmd_0","args":[]},{"id":"cmd_1","args":["\u001e mooring )" +
                      std::string(nonce) + R"("]}]})");
    }
    wire->answer([this](http::Request) { return kill(); });
  }

  Task<http::Response> running(http::Request request) {
    http::Response head;
    head.status = 200;
    auto sink = request.sink(head);
    const auto begin = line("null") + record("stdout", detail::encodeBase64("up\n") + "\n");
    Result<void> written;
    if (answer_ == Answer::atOnce) written = co_await sink->write(asBytes(begin));
    if (!written) co_return std::unexpected(std::move(written).error());
    sent_.set_value();
    auto asked = co_await killed_->pass();
    if (!asked) co_return std::unexpected(std::move(asked).error());
    if (answer_ == Answer::late) written = co_await sink->write(asBytes(begin));
    if (!written) co_return std::unexpected(std::move(written).error());
    written = co_await sink->write(asBytes(ending_));
    if (!written) co_return std::unexpected(std::move(written).error());
    co_return head;
  }
  Task<http::Response> kill() {
    killed_->open();
    http::Response response;
    response.status = 200;
    response.body = R"({"command":{"id":"cmd_1","args":[],"exitCode":null}})";
    co_return response;
  }

  Result<CommandEnd> run() {
    vercel::Commands commands(account);
    CommandSpec spec;
    spec.program = "sleep";
    std::stop_source stop;
    CallOptions call;
    call.stopToken = stop.get_token();
    Operation<CommandEnd> operation(
        test::engine(), call, [&] { return commands.run(instance(), spec, seen, call); });
    auto running = operation.start();
    sent_.get_future().wait();
    stop.request_stop();
    return running.get();
  }

  Seen seen;

 private:
  std::string ending_;
  Answer answer_;
  std::promise<void> sent_;
  std::shared_ptr<test::Gate> killed_ = test::Gate::make();
};

}  // namespace

TEST_CASE("vercel/kill: a cancelled command is killed, and its own stream confirms it", "[unit][vercel]") {
  Killed killed(record("stderr", ".killed\n") + record("stdout", mark()) + record("stderr", mark()) +
                line("137"));
  const auto end = killed.run();
  REQUIRE(ok(end));
  CHECK(end->interrupted);
  CHECK(end->killConfirmed);
  CHECK(end->exitCode == 137);
  CHECK(end->signal == "SIGKILL");
  CHECK(killed.seen.out == "up\n");
  CHECK(killed.sent(1) == "POST /v2/sandboxes/sessions/sbx_1/cmd/cmd_1/kill");
  CHECK(killed.body(1) == R"({"signal":15})");
}

TEST_CASE("vercel/kill: one whose answer does not come is looked for, and killed", "[unit][vercel]") {
  Killed killed(
      record("stderr", ".killed\n") + record("stdout", mark()) + record("stderr", mark()) + line("137"),
      Answer::late);
  const auto end = killed.run();
  REQUIRE(ok(end));
  CHECK(end->interrupted);
  CHECK(end->killConfirmed);
  CHECK(killed.seen.starts == 1);
  CHECK(killed.seen.out == "up\n");
  CHECK(killed.sent(1) == "GET /v2/sandboxes/sessions/sbx_1/cmd");
  CHECK(killed.sent(2) == "POST /v2/sandboxes/sessions/sbx_1/cmd/cmd_1/kill");
}

TEST_CASE("vercel/kill: a group that outlives its kill is not confirmed", "[unit][vercel]") {
  Killed killed(record("stdout", mark()) + record("stderr", mark()) + line("137"));
  const auto end = killed.run();
  REQUIRE(ok(end));
  CHECK(end->interrupted);
  CHECK_FALSE(end->killConfirmed);
}

TEST_CASE("vercel/kill: one that ended by itself meanwhile has its own end", "[unit][vercel]") {
  Killed killed(record("stdout", mark()) + record("stderr", mark()) + line("0"));
  const auto end = killed.run();
  REQUIRE(ok(end));
  CHECK_FALSE(end->interrupted);
  CHECK(end->exitCode == 0);
}
