#include <mooring/daytona/emulator.hpp>
#include <mooring/daytona/options.hpp>
#include <mooring/emulation/emulator.hpp>

#include "database_fixture.hpp"
#include "everyday_faults.hpp"

#include <stdexcept>
#include <string>

namespace mooring::conformance {
namespace {

/// Constructed before the services and destroyed after them.
struct Cloud {
  Cloud() {
    emulation::HostOptions options;
    if (badDay()) options.faults = everydayFaults("POST /api/sandbox");
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

  std::vector<std::string> leftovers() override {
    auto found = DatabaseFixture::leftovers();
    // More than the listing: what the emulator itself has made and not destroyed.
    if (found.empty()) found = host->ledger().livingSandboxes();
    return found;
  }
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<DaytonaFixture>(); }

}  // namespace mooring::conformance
