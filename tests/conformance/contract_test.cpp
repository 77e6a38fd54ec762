// The provider contract itself, called as core calls it, without a database.
#include "support/tasks.hpp"
#include "trial.hpp"

#include <algorithm>
#include <future>

namespace mooring::conformance {
namespace {

/// A provider object and one generation made with it, removed at the end.
class Contract {
 public:
  explicit Contract(Fixture& fixture) : config_(fixture.config()), key_(uniqueName("contract")) {
    auto made = fixture.makeProvider(test::contextOn(test::engine(), fixture.settings()));
    REQUIRE(ok(made));
    provider_ = std::move(*made);
  }
  ~Contract() {
    Instance instance;
    instance.provisionKey = key_;
    auto destroyed = test::run(lifecycle().destroy(instance, call_));
    CHECK(ok(destroyed));
  }
  Contract(const Contract&) = delete;
  Contract& operator=(const Contract&) = delete;

  Provider& provider() { return *provider_; }
  LifecycleApi& lifecycle() { return provider_->lifecycle(); }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] std::string owner() const { return "owner-" + key_; }
  [[nodiscard]] const CallOptions& call() const { return call_; }

  Instance provision() {
    ProvisionRequest request;
    request.provisionKey = key_;
    request.ownerTag = owner();
    request.config = config_;
    auto made = test::run(lifecycle().provision(request, call_));
    REQUIRE(ok(made));
    return std::move(*made);
  }

  std::vector<std::string> listed(const std::string& ownerTag) {
    std::vector<std::string> keys;
    std::string cursor;
    do {
      auto page = test::run(lifecycle().list(ownerTag, cursor, call_));
      REQUIRE(ok(page));
      for (const auto& instance : page->instances)
        keys.push_back(instance.provisionKey);
      cursor = page->nextCursor;
    } while (!cursor.empty());
    return keys;
  }

 private:
  SandboxConfig config_;
  std::string key_;
  CallOptions call_ = CallOptions::within(std::chrono::minutes(2));
  std::shared_ptr<Provider> provider_;
};

class Output final : public RunObserver {
 public:
  void onStarted() override { ++starts; }
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    startedFirst = startedFirst && starts == 1;
    (stream == Stream::out ? out : err) += asText(bytes);
  }
  int starts = 0;
  bool startedFirst = true;
  std::string out;
  std::string err;
};

CommandSpec shellSpec(std::string script) {
  CommandSpec spec;
  spec.program = "sh";
  spec.args = {"-c", std::move(script)};
  return spec;
}

TEST_CASE("contract: provision is idempotent on its key", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  const auto first = contract.provision();
  CHECK(first.provisionKey == contract.key());
  CHECK_FALSE(first.id.empty());
  CHECK(toString(first.state) == "running");
  const auto second = contract.provision();
  CHECK(second.id == first.id);
  CHECK(contract.listed(contract.owner()).size() == 1);
}

TEST_CASE("contract: provisioning the same key twice at once makes one", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  ProvisionRequest request;
  request.provisionKey = contract.key();
  request.ownerTag = contract.owner();
  request.config = trial.config();
  std::vector<std::future<Result<Instance>>> running;
  for (int i = 0; i < 4; ++i) {
    Operation<Instance> operation(test::engine(), contract.call(), [&contract, request] {
      return contract.lifecycle().provision(request, contract.call());
    });
    running.push_back(operation.start());
  }
  std::vector<Instance> made;
  for (auto& each : running) {
    auto instance = each.get();
    REQUIRE(ok(instance));
    made.push_back(std::move(*instance));
  }
  for (const auto& instance : made)
    CHECK(instance.id == made.front().id);
  CHECK(contract.listed(contract.owner()).size() == 1);
}

TEST_CASE("contract: find and inspect are exact, before, during and after", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  auto& lifecycle = contract.lifecycle();
  auto found = test::run(lifecycle.find(contract.key(), contract.call()));
  REQUIRE(ok(found));
  CHECK_FALSE(found->has_value());

  const auto made = contract.provision();
  found = test::run(lifecycle.find(contract.key(), contract.call()));
  REQUIRE(ok(found));
  REQUIRE(found->has_value());
  CHECK((*found)->id == made.id);
  CHECK((*found)->provisionKey == contract.key());
  found = test::run(lifecycle.find(contract.key() + "x", contract.call()));
  REQUIRE(ok(found));
  CHECK_FALSE(found->has_value());
  found = test::run(lifecycle.find(contract.key().substr(0, contract.key().size() - 1), contract.call()));
  REQUIRE(ok(found));
  CHECK_FALSE(found->has_value());

  auto seen = test::run(lifecycle.inspect(made.id, contract.call()));
  REQUIRE(ok(seen));
  REQUIRE(seen->has_value());
  CHECK((*seen)->provisionKey == contract.key());
  CHECK(toString((*seen)->state) == "running");

  REQUIRE(ok(test::run(lifecycle.destroy(made, contract.call()))));
  found = test::run(lifecycle.find(contract.key(), contract.call()));
  REQUIRE(ok(found));
  CHECK_FALSE(found->has_value());
  seen = test::run(lifecycle.inspect(made.id, contract.call()));
  REQUIRE(ok(seen));
  CHECK_FALSE(seen->has_value());
}

TEST_CASE("contract: a listing shows one owner's sandboxes and nobody else's", "[conformance][contract]") {
  Trial trial;
  Contract one(trial.fixture());
  Contract two(trial.fixture());
  one.provision();
  two.provision();
  CHECK(one.listed(one.owner()) == std::vector{one.key()});
  CHECK(one.listed(two.owner()) == std::vector{two.key()});
  CHECK(one.listed("nobody-" + one.key()).empty());
}

TEST_CASE("contract: destroy works by key alone, and twice", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  contract.provision();
  Instance byKey;
  byKey.provisionKey = contract.key();
  CHECK(ok(test::run(contract.lifecycle().destroy(byKey, contract.call()))));
  CHECK(contract.listed(contract.owner()).empty());
  CHECK(ok(test::run(contract.lifecycle().destroy(byKey, contract.call()))));
}

TEST_CASE("contract: what was destroyed is gone for every call", "[conformance][contract][undisturbed]") {
  Trial trial;
  Contract contract(trial.fixture());
  const auto made = contract.provision();
  const auto& call = contract.call();
  REQUIRE(ok(test::run(contract.lifecycle().destroy(made, call))));
  CHECK(failsWith(test::run(contract.lifecycle().attach(made, call)), Errc::gone));
  CHECK(failsWith(test::run(contract.lifecycle().stop(made, call)), Errc::gone));
  Output output;
  CHECK(failsWith(test::run(contract.provider().commands().run(made, shellSpec("echo ran"), output, call)),
                  Errc::gone));
  CHECK(output.out.empty());
  CHECK(failsWith(test::run(contract.provider().files().stat(made, SandboxPath("."), call)), Errc::gone));
  auto source = sourceOf("x");
  CHECK(failsWith(
      test::run(contract.provider().files().write(made, SandboxPath("f"), source, WriteOptions(), call)),
      Errc::gone));
  if (auto* started = contract.provider().startedCommands()) {
    const CommandId key(uniqueName("command"));
    CHECK(failsWith(test::run(started->start(made, key, shellSpec("true"), call)), Errc::gone));
  }
}

TEST_CASE("contract: a stopped sandbox is notRunning until it is attached",
          "[conformance][contract][undisturbed]") {
  Trial trial;
  if (!trial.offers(Capability::resume)) return;
  Contract contract(trial.fixture());
  const auto made = contract.provision();
  const auto& call = contract.call();
  REQUIRE(ok(test::run(contract.lifecycle().stop(made, call))));
  CHECK(ok(test::run(contract.lifecycle().stop(made, call))));

  const auto seen = test::run(contract.lifecycle().inspect(made.id, call));
  REQUIRE(ok(seen));
  REQUIRE(seen->has_value());
  CHECK(toString((*seen)->state) == "stopped");
  Output output;
  CHECK(failsWith(test::run(contract.provider().commands().run(made, shellSpec("echo ran"), output, call)),
                  Errc::notRunning));

  auto attached = test::run(contract.lifecycle().attach(made, call));
  REQUIRE(ok(attached));
  CHECK(attached->woken);
  CHECK(attached->instance.id == made.id);
  REQUIRE(ok(test::run(
      contract.provider().commands().run(attached->instance, shellSpec("echo ran"), output, call))));
  CHECK(output.out == "ran\n");
  attached = test::run(contract.lifecycle().attach(attached->instance, call));
  REQUIRE(ok(attached));
  CHECK_FALSE(attached->woken);
}

TEST_CASE("contract: a run says once that it has started, before its output", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  const auto made = contract.provision();
  Output output;
  const auto end = test::run(contract.provider().commands().run(
      made, shellSpec("echo out; echo err >&2; exit 9"), output, contract.call()));
  REQUIRE(ok(end));
  CHECK(end->exitCode == 9);
  CHECK_FALSE(end->interrupted);
  CHECK(output.starts == 1);
  CHECK(output.startedFirst);
  CHECK(output.out == "out\n");
  CHECK(output.err == "err\n");
}

TEST_CASE("contract: an instance works with what another process stored of it", "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  const auto made = contract.provision();
  auto other = trial.fixture().makeProvider(test::contextOn(test::engine(), trial.fixture().settings()));
  REQUIRE(ok(other));
  Instance stored;  // All that a record keeps.
  stored.id = made.id;
  stored.provisionKey = made.provisionKey;
  stored.url = made.url;
  stored.connection = made.connection;
  Output output;
  REQUIRE(ok(test::run((*other)->commands().run(stored, shellSpec("echo ran"), output, contract.call()))));
  CHECK(output.out == "ran\n");
}

TEST_CASE("contract: starting is idempotent on the commandId", "[conformance][contract][started]") {
  Trial trial;
  Contract contract(trial.fixture());
  auto* started = contract.provider().startedCommands();
  if (started == nullptr) return;
  const auto made = contract.provision();
  const auto& call = contract.call();
  const CommandId key(uniqueName("command"));

  auto found = test::run(started->find(made, key, call));
  REQUIRE(ok(found));
  CHECK_FALSE(found->has_value());

  const auto spec = shellSpec("echo ran >>effects");
  const auto first = test::run(started->start(made, key, spec, call));
  REQUIRE(ok(first));
  REQUIRE(ok(test::run(started->wait(made, *first, call))));
  const auto second = test::run(started->start(made, key, spec, call));
  REQUIRE(ok(second));
  CHECK(*second == *first);
  found = test::run(started->find(made, key, call));
  REQUIRE(ok(found));
  REQUIRE(found->has_value());
  CHECK(**found == *first);
  REQUIRE(ok(test::run(started->wait(made, *second, call))));
  Output output;
  REQUIRE(ok(test::run(contract.provider().commands().run(made, shellSpec("cat effects"), output, call))));
  CHECK(output.out == "ran\n");

  CHECK(
      failsWith(test::run(started->poll(made, ExternalCommandId("no-such-command"), call)), Errc::notFound));
}

TEST_CASE("contract: an interface is there exactly when its capability is declared",
          "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  auto& provider = contract.provider();
  CHECK(provider.name() == trial.fixture().provider());
  // Emulated ones are core's, on top of run().
  const auto& table = provider.capabilities();
  const auto started = table.find(Capability::startedCommands);
  const bool own = started != table.end() && started->second.support == Support::native;
  CHECK((provider.startedCommands() != nullptr) == own);
  CHECK((provider.volumes() != nullptr) == trial.offers(Capability::volumes));
  CHECK((provider.checkpoints() != nullptr) == trial.offers(Capability::checkpoints));
  CHECK((provider.previews() != nullptr) == trial.offers(Capability::previews));
  CHECK((provider.forwarding() != nullptr) == trial.offers(Capability::portForwarding));
}

TEST_CASE("contract: every declared capability says whether it is native, and how",
          "[conformance][contract]") {
  Trial trial;
  Contract contract(trial.fixture());
  for (const auto& [capability, info] : contract.provider().capabilities()) {
    INFO(toString(capability));
    CHECK_FALSE(info.note.empty());
    CHECK(info.note.find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace mooring::conformance
