#include <mooring/emulation/emulator.hpp>
#include <mooring/vercel/emulator.hpp>
#include <mooring/vercel/options.hpp>

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
    if (badDay()) options.faults = everydayFaults("POST /v3/sandboxes");
    auto started = emulation::Host::start(vercel::makeEmulator, std::move(options));
    if (!started) throw std::runtime_error("the Vercel emulator: " + describe(started.error()));
    host = std::move(*started);
  }
  std::unique_ptr<emulation::Host> host;
};

DatabaseFixtureParts partsAt(const emulation::Host& host) {
  DatabaseFixtureParts parts;
  vercel::registerProvider(parts.providers);
  std::map<std::string, std::string, std::less<>> variables;
  for (const auto& [name, value] : host.environment())
    variables.emplace(name, value);
  // By default nothing is kept when a sandbox stops; the suite runs once in each way.
  if (const auto persistent = Settings::fromEnvironment().get("MOORING_TEST_VERCEL_PERSISTENT"))
    variables.emplace("SANDBOX_VERCEL_PERSISTENT", *persistent);
  parts.settings = Settings(std::move(variables));
  parts.config.provider = std::string(vercel::Options::provider);
  return parts;
}

class VercelFixture final : private Cloud, public DatabaseFixture {
 public:
  VercelFixture() : DatabaseFixture(partsAt(*host)) {}

  std::vector<std::string> leftovers() override {
    auto found = DatabaseFixture::leftovers();
    // More than the listing: what the emulator itself has made and not destroyed.
    if (found.empty()) found = host->ledger().livingSandboxes();
    return found;
  }
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<VercelFixture>(); }

}  // namespace mooring::conformance
