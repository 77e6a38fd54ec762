#include <mooring/daytona/emulator.hpp>
#include <mooring/daytona/options.hpp>
#include <mooring/emulation/emulator.hpp>

#include "database_fixture.hpp"
#include "everyday_faults.hpp"
#include "support/ledger_file.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace mooring::conformance {
namespace {

constexpr const char* creating = "POST /api/sandbox";

/// Beyond the everyday: commands and uploads may come twice without harm, so their replies may be lost, cut
/// short or turned into nonsense on any day.
std::vector<emulation::Fault> badDayFaults() {
  using emulation::FaultAction;
  auto faults = everydayFaults(creating);
  const auto often = [&faults](std::string route, FaultAction action, double probability) {
    emulation::Fault fault;
    fault.route = std::move(route);
    fault.action = action;
    fault.probability = probability;
    fault.count = 0;
    fault.status = 502;
    fault.body = "";
    fault.bytes = 60;
    faults.push_back(std::move(fault));
  };
  const std::string execute = "POST .*/process/execute";
  often(execute, FaultAction::loseReply, 0.03);
  often(execute, FaultAction::cutBody, 0.01);
  often(execute, FaultAction::wrongJson, 0.01);
  often(execute, FaultAction::status, 0.02);
  often(execute, FaultAction::reset, 0.01);
  often("POST .*/files/bulk-upload", FaultAction::loseReply, 0.05);
  often("GET .*/files/download", FaultAction::cutBody, 0.05);
  return faults;
}

/// Constructed before the services and destroyed after them.
struct Cloud {
  Cloud() {
    emulation::HostOptions options;
    options.ledgerFile = test::ledgerFile();
    if (badDay()) options.faults = badDayFaults();
    auto started = emulation::Host::start(daytona::makeEmulator, std::move(options));
    if (!started) throw std::runtime_error("the Daytona emulator: " + describe(started.error()));
    host = std::move(*started);
  }
  std::unique_ptr<emulation::Host> host;
};

DatabaseFixtureParts partsAt(const emulation::Host& host) {
  DatabaseFixtureParts parts;
  daytona::registerProvider(parts.providers);
  std::map<std::string, std::string, std::less<>> variables;
  for (const auto& [name, value] : host.environment())
    variables.emplace(name, value);
  // By default stopping destroys, and there would be no resume() to hold to its word.
  variables.emplace("SANDBOX_DAYTONA_EPHEMERAL", "0");
  parts.settings = Settings(std::move(variables));
  parts.config.provider = std::string(daytona::Options::provider);
  return parts;
}

class DaytonaFixture final : private Cloud, public DatabaseFixture {
 public:
  DaytonaFixture() : DatabaseFixture(partsAt(*host)) {}

  // Where the answer to a command is lost and then its sandbox, it may have run: `outcomeUnknown` is right,
  // and these tests are about something else.
  void vanish(const SandboxId& id) override {
    onlyEveryday();
    DatabaseFixture::vanish(id);
  }
  void putToSleep(const SandboxId& id) override {
    onlyEveryday();
    DatabaseFixture::putToSleep(id);
  }

  std::vector<std::string> leftovers() override {
    auto found = DatabaseFixture::leftovers();
    // More than the listing: what the emulator itself has made and not destroyed.
    if (found.empty()) found = host->ledger().livingSandboxes();
    return found;
  }

 private:
  void onlyEveryday() {
    host->faults().clear();
    if (!badDay()) return;
    for (auto& fault : everydayFaults(creating)) {
      if (!host->faults().add(std::move(fault))) throw std::logic_error("an everyday fault is refused");
    }
  }
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<DaytonaFixture>(); }

}  // namespace mooring::conformance
