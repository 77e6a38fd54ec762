#pragma once

/// What a provider gives the conformance suite: a service with that provider, and a way behind its back.

#include <mooring/service.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mooring::conformance {

/// A service as another process would open it: its own store object, loop and provider, the same database.
struct OtherProcess {
  std::shared_ptr<RecordStore> store = {};
  SandboxService service;
};

/// A port for tests of previews: the one that is asked for, and the one that a server listens on to be found
/// there. They differ where a provider has one port only, and its emulator's sandboxes share the ports of
/// this machine.
struct PreviewPort {
  int asked = 0;
  int served = 0;
};

class Fixture {
 public:
  virtual ~Fixture() = default;

  [[nodiscard]] virtual std::string provider() const = 0;
  /// What every sandbox of the suite is made with: the provider and what it cannot do without. Nothing more.
  [[nodiscard]] virtual SandboxConfig config() const = 0;

  virtual SandboxService& service() = 0;
  /// The store of service().
  virtual RecordStore& store() = 0;
  virtual OtherProcess otherProcess() = 0;
  /// A value for a secretEnv name, in all services.
  virtual void setSecret(std::string name, std::string value) = 0;
  /// Where the database's files are, and nothing else.
  [[nodiscard]] virtual std::filesystem::path databaseDirectory() const = 0;

  /// A provider object of its own on `context`'s loop, to hold the contract itself to its word.
  virtual Result<std::shared_ptr<Provider>> makeProvider(ProviderContext context) = 0;
  [[nodiscard]] virtual Settings settings() const = 0;

  /// A port that nobody used a moment ago.
  virtual PreviewPort previewPort();

  /// Deletes what stands behind the sandbox now, without telling the service.
  virtual void vanish(const SandboxId& id) = 0;
  /// Puts it to sleep without telling the service. Called only where Capability::resume is offered.
  virtual void putToSleep(const SandboxId& id) = 0;

  /// Names of all that this fixture's services have at the provider, volumes left out. Empty after every
  /// test.
  virtual std::vector<std::string> leftovers() = 0;
};

/// Defined by providers/<name>/testing/fixture.cpp. Throws std::runtime_error when the provider cannot be
/// used here.
std::unique_ptr<Fixture> makeFixture();

}  // namespace mooring::conformance
