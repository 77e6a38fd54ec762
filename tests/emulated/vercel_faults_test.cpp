// What can happen to Vercel's sandboxes, beside what happens everywhere.
#include "fault_matrix.hpp"
#include "vercel_cloud.hpp"

#include <algorithm>
#include <future>
#include <random>

namespace mooring::test {

using emulation::FaultAction;

namespace {

constexpr const char* inSession = ".*/sessions/\\{sessionId\\}/";

/// As the cloud says it, of a session that runs: its states are known everywhere only a moment later.
emulation::Fault sessionAnswers(int status) {
  auto fault = answering(status);
  fault.route = std::string(inSession) + "(cmd|fs/write|stop|snapshot|extend-timeout)";
  return fault;
}

emulation::Fault at(std::string route, emulation::Fault fault) {
  fault.route = std::move(route);
  return fault;
}

std::vector<Trouble> ownTroubles() {
  return {
      {"404, though it runs", Harm::none, sessionAnswers(404)},
      {"410, though it runs", Harm::none, sessionAnswers(410)},
      {"422, though it runs", Harm::none, sessionAnswers(422)},
      {"stopped", Harm::asleep, disturbing("stopped")},
      {"stopping", Harm::asleep, disturbing("stopping")},
      {"snapshotting", Harm::asleep, disturbing("snapshotting")},
      {"failed", Harm::lost, disturbing("failed")},
      {"aborted", Harm::lost, disturbing("aborted")},
      {"unresumable", Harm::lost, disturbing("unresumable")},
      {"gone", Harm::lost, disturbing("gone")},
  };
}

/// Cannot be compressed, and is the same each time.
std::string noise(std::size_t size) {
  std::mt19937_64 random(1);
  std::string bytes(size, '\0');
  std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
  return bytes;
}

/// Can be read once, and says nothing of its length.
class Once final : public ByteSource {
 public:
  explicit Once(const std::string& bytes) : inner_(sourceOf(bytes)) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override { return inner_->read(buffer); }

 private:
  std::shared_ptr<ByteSource> inner_;
};

}  // namespace

FaultWorld faultWorld() {
  FaultWorld world;
  world.cloud = [] { return std::make_unique<VercelCloud>(); };
  world.troubles = wireTroubles();
  for (auto& trouble : ownTroubles())
    world.troubles.push_back(std::move(trouble));
  world.unequalExecutions = true;
  return world;
}

TEST_CASE("faults: a large upload is sent again, whatever became of the first attempt",
          "[emulated][vercel]") {
  static const auto bytes = noise(std::size_t{12} << 20);
  VercelCloud cloud;
  auto sandbox = cloud.create();
  const auto trouble = GENERATE(answering(429),
                                answering(503),
                                acting(FaultAction::reset),
                                acting(FaultAction::loseReply),
                                answering(410));
  const auto route = std::string(inSession) + "fs/write";
  auto struck = at(route, trouble);
  struck.count = 2;
  REQUIRE(ok(cloud.faults().add(struck)));
  cloud.ledger().reset();
  SECTION("a file of known length") { REQUIRE(ok(sandbox.files().write("file", bytes).get())); }
  SECTION("what can be read only once") {
    REQUIRE(ok(sandbox.files().writeFrom("file", std::make_shared<Once>(bytes)).get()));
  }
  SECTION("a command's input") {
    auto command = shell("cat >file");
    command.inputStream = std::make_shared<Once>(bytes);
    REQUIRE(ok(sandbox.run(command).get()));
  }
  CHECK(cloud.ledger().count("POST /api/v2/sandboxes/sessions/{sessionId}/fs/write") == 3);
  auto read = sandbox.files().read("file").get();
  REQUIRE(ok(read));
  CHECK((*read == bytes));
  // Nothing of the attempts is left: this command has the only scratch directory.
  const auto scratch = sandbox.run(shell("ls -A /tmp | wc -l")).get();
  REQUIRE(ok(scratch));
  CHECK(scratch->out.text == "1\n");
}

TEST_CASE("faults: a lost answer is found, however long that takes", "[emulated][vercel]") {
  VercelCloud cloud;
  auto sandbox = cloud.create();
  const auto second = GENERATE(answering(503),
                               answering(429),
                               answering(410),
                               acting(FaultAction::reset),
                               acting(FaultAction::loseReply),
                               acting(FaultAction::wrongJson));
  const auto which = GENERATE(std::string("GET .*/cmd"), std::string("GET .*/cmd/\\{cmdId\\}.*"));
  auto struck = at(which, second);
  struck.count = 3;
  REQUIRE(ok(cloud.faults().add(at("POST .*/cmd", acting(FaultAction::loseReply)))));
  REQUIRE(ok(cloud.faults().add(struck)));
  cloud.ledger().reset();
  const auto result = sandbox.run(shell("echo ran >>effects; echo done")).get();
  cloud.faults().clear();
  REQUIRE(ok(result));
  CHECK(result->out.text == "done\n");
  CHECK(cloud.ledger().commands().size() == 1);
  CHECK(sandbox.files().read("effects").get() == "ran\n");
}

TEST_CASE("faults: the edge cuts every stream, and nothing of the output is missing", "[emulated][vercel]") {
  const std::map<std::string, std::string> impatient = {{"streamLimitMs", "150"}};
  VercelCloud cloud(impatient);
  auto sandbox = cloud.create();
  auto script = shell("i=0; while [ $i -lt 12 ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 3");
  const auto result = sandbox.run(script).get();
  REQUIRE(ok(result));
  CHECK(result->exitCode == 3);
  CHECK(result->out.text == "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
  CHECK(cloud.ledger().commands().size() == 1);
}

TEST_CASE("faults: a sandbox that ends under a command leaves its outcome unknown, and comes back",
          "[emulated][vercel]") {
  VercelCloud cloud;
  auto sandbox = cloud.create();
  const auto state = GENERATE(
      std::string("stopped"), std::string("failed"), std::string("gone"), std::string("snapshotting"));
  INFO("state: " << state);
  // Whatever is asked of it next finds it so.
  auto command = shell("echo up; exec sleep 97531");
  struct Announced final : OutputSink {
    void onOutput(Stream, std::span<const std::byte>) override {
      if (!std::exchange(told, true)) up.set_value();
    }
    bool told = false;
    std::promise<void> up;
  };
  const auto announced = std::make_shared<Announced>();
  command.sink = announced;
  auto running = sandbox.run(command).start();
  announced->up.get_future().wait();
  REQUIRE(ok(cloud.faults().add(at("POST .*/cmd", disturbing(state)))));
  const auto next = sandbox.run(shell("echo next")).get();
  REQUIRE(ok(next));
  CHECK(next->out.text == "next\n");
  const auto first = running.get();
  CHECK(failsWith(first, Errc::outcomeUnknown, "ended while the command ran"));
  REQUIRE(first.error().partial);
  CHECK(first.error().partial->out.text == "up\n");
}

TEST_CASE("faults: a sandbox that is made and not found at once is made once", "[emulated][vercel]") {
  VercelCloud cloud;
  REQUIRE(ok(cloud.faults().add(at("POST /api/v3/sandboxes", acting(FaultAction::loseReply)))));
  auto early = at("GET /api/v2/sandboxes/\\{name\\}", acting(FaultAction::stale));
  early.count = 2;
  REQUIRE(ok(cloud.faults().add(early)));
  const auto sandbox = cloud.service().create(cloud.config()).get();
  REQUIRE(ok(sandbox));
  CHECK(cloud.ledger().createdSandboxes().size() == 1);
  CHECK(ok(sandbox->run("true", {}).get()));
}

TEST_CASE("faults: an account's limit is no blip, and leaves nothing", "[emulated][vercel]") {
  VercelCloud cloud;
  auto full = answering(
      429, R"({"error":{"code":"rate_limited","message":"The concurrency limit has been exceeded."}})");
  full.count = 0;
  REQUIRE(ok(cloud.faults().add(at("POST /api/v3/sandboxes", full))));
  CHECK(failsWith(cloud.service().create(cloud.config()).get(), Errc::quotaExceeded));
  cloud.faults().clear();
  CHECK(cloud.ledger().createdSandboxes().empty());
  const auto plan = cloud.service().plan().get();
  REQUIRE(ok(plan));
  CHECK(plan->empty());
}

}  // namespace mooring::test
