#include "trial.hpp"

#include "support/loopback.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace mooring::conformance {
namespace {

std::vector<SandboxRecord> allRecords(SandboxService& service) {
  std::vector<SandboxRecord> out;
  PageRequest request;
  do {
    auto page = service.list(RecordFilter(), request).get();
    if (!page) throw std::runtime_error(describe(page.error()));
    std::move(page->records.begin(), page->records.end(), std::back_inserter(out));
    request.cursor = std::move(page->nextCursor);
  } while (!request.cursor.empty());
  return out;
}

}  // namespace

Trial::Trial() : fixture_(makeFixture()) {
  auto providers = service().providers().get();
  REQUIRE(ok(providers));
  const auto mine = std::ranges::find(*providers, fixture_->provider(), &ProviderDescription::name);
  REQUIRE(mine != providers->end());
  if (mine->unusable)
    throw std::runtime_error("the provider cannot be used here: " + describe(*mine->unusable));
  capabilities_ = mine->capabilities;
}

Trial::~Trial() {
  try {
    for (const auto& record : allRecords(service())) {
      auto destroyed = service().sandbox(record.sandboxId).destroy().get();
      CHECK(ok(destroyed));
    }
    auto recovered = service().recover().get();
    CHECK(ok(recovered));
    CHECK(fixture_->leftovers() == std::vector<std::string>());
  } catch (const std::exception& e) {
    FAIL_CHECK("cleaning up: " << e.what());
  }
}

bool Trial::offers(Capability capability) const {
  const auto found = capabilities_.find(capability);
  return found != capabilities_.end() && found->second.support != Support::unsupported;
}

Sandbox& Trial::sandbox() {
  if (!sandbox_) sandbox_ = create(config());
  return *sandbox_;
}

Sandbox Trial::create(const SandboxConfig& config) {
  auto created = service().create(config).get();
  REQUIRE(ok(created));
  return std::move(*created);
}

SandboxRecord Trial::record(const Sandbox& sandbox) {
  auto record = service().get(sandbox.id()).get();
  REQUIRE(ok(record));
  return std::move(*record);
}

std::vector<SandboxEvent> Trial::events(const Sandbox& sandbox) {
  auto events = sandbox.events().get();
  REQUIRE(ok(events));
  return std::move(*events);
}

bool Trial::hasEvent(const Sandbox& sandbox, EventReason reason) {
  const auto all = events(sandbox);
  return std::ranges::find(all, reason, &SandboxEvent::reason) != all.end();
}

CommandResult Trial::run(const Sandbox& sandbox, Command command) {
  auto result = sandbox.run(std::move(command)).get();
  REQUIRE(ok(result));
  return std::move(*result);
}

std::string Trial::read(const std::string& path) {
  auto bytes = sandbox().files().read(path).get();
  REQUIRE(ok(bytes));
  return std::move(*bytes);
}

FileInfo Trial::stat(const std::string& path) {
  auto info = sandbox().files().stat(path).get();
  REQUIRE(ok(info));
  return std::move(*info);
}

std::string Trial::sh(const Sandbox& sandbox, std::string script, std::vector<std::string> args) {
  auto command = shell(std::move(script), std::move(args));
  command.timeouts.total = std::chrono::seconds(60);  // A stuck script shall fail the test, not hang it.
  const auto result = run(sandbox, std::move(command));
  INFO("stderr: " << result.err.text);
  REQUIRE_FALSE(result.timedOut.has_value());
  REQUIRE(result.exitCode == 0);
  return result.out.text;
}

void Trial::makeHold(const std::string& name, const Sandbox* in) {
  sh(in == nullptr ? sandbox() : *in, R"(mkfifo "$1")", {name});
}

bool Trial::released(const std::string& name, const Sandbox* in) {
  // A reader sees the end of a named pipe once nobody has it open for writing. The first line's writer lets
  // the reader begin even when nobody has it open any more.
  auto command = shell(R"(: >"$1" & exec cat "$1")", {name});
  command.timeouts.total = std::chrono::seconds(30);
  const auto result = run(in == nullptr ? sandbox() : *in, std::move(command));
  return result.exitCode == 0 && !result.timedOut;
}

PreviewPort Fixture::previewPort() {
  const int port = test::FreePort().number();
  return {.asked = port, .served = port};
}

Command shell(std::string script, std::vector<std::string> args) {
  Command command;
  command.program = "sh";
  command.args = {"-c", std::move(script), "sh"};
  std::ranges::move(args, std::back_inserter(command.args));
  return command;
}

std::string holding(const std::string& name) { return "exec 9<>" + name + "; "; }

std::string uniqueName(std::string_view prefix) {
  static const auto ids = systemIds(systemClock());
  const auto id = ids->uuid();
  return std::string(prefix) + "-" + id.substr(id.size() - 12);
}

}  // namespace mooring::conformance
