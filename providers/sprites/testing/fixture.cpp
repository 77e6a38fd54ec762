#include <mooring/emulation/emulator.hpp>
#include <mooring/sprites/emulator.hpp>
#include <mooring/sprites/options.hpp>

#include "database_fixture.hpp"
#include "everyday_faults.hpp"
#include "support/ledger_file.hpp"
#include "support/loopback.hpp"

#include <stdexcept>
#include <string>

namespace mooring::conformance {
namespace {

/// Constructed before the services and destroyed after them.
struct Cloud {
  Cloud() {
    emulation::HostOptions options;
    options.ledgerFile = test::ledgerFile();
    options.settings.emplace("webPort", std::to_string(webPort));
    if (badDay()) options.faults = everydayFaults("POST /v1/sprites");
    // The limits that Sprites usually tells of last half a minute each.
    for (auto& fault : options.faults) {
      if (fault.status == 429)
        fault.body = R"({"error":"sprite_creation_rate_limited","message":"slow down"})";
    }
    auto started = emulation::Host::start(sprites::makeEmulator, std::move(options));
    if (!started) throw std::runtime_error("the Sprites emulator: " + describe(started.error()));
    host = std::move(*started);
  }
  std::unique_ptr<emulation::Host> host;
  int webPort = test::FreePort().number();
};

DatabaseFixtureParts partsAt(const emulation::Host& host) {
  DatabaseFixtureParts parts;
  sprites::registerProvider(parts.providers);
  std::map<std::string, std::string, std::less<>> variables;
  for (const auto& [name, value] : host.environment())
    variables.emplace(name, value);
  // By default a sprite is deleted when it stops; the suite runs once in each way.
  if (const auto stop = Settings::fromEnvironment().get("MOORING_TEST_SPRITES_DELETE_ON_STOP"))
    variables.emplace("SANDBOX_SPRITES_DELETE_ON_STOP", *stop);
  parts.settings = Settings(std::move(variables));
  parts.config.provider = std::string(sprites::Options::provider);
  return parts;
}

class SpritesFixture final : private Cloud, public DatabaseFixture {
 public:
  SpritesFixture() : DatabaseFixture(partsAt(*host)) {}

  // Sprites knows no other.
  PreviewPort previewPort() override { return {.asked = 8080, .served = webPort}; }

  std::vector<std::string> leftovers() override {
    auto found = DatabaseFixture::leftovers();
    // More than the listing: what the emulator itself has made and not destroyed.
    if (found.empty()) found = host->ledger().livingSandboxes();
    return found;
  }
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<SpritesFixture>(); }

}  // namespace mooring::conformance
