#pragma once

/// A service at an emulated cloud, with the emulator at hand.

#include <mooring/emulation/emulator.hpp>
#include <mooring/mooring.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"
#include "support/temp_dir.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mooring::test {

using Variables = std::map<std::string, std::string, std::less<>>;

struct CloudParts {
  std::string provider = {};
  emulation::EmulatorFactory emulator = {};
  std::map<std::string, std::string> settings = {};  ///< The emulator's.
  std::string keyVariable = {};                      ///< Where the provider finds its credential.
  std::string goodKey = {};
  Variables variables = {};  ///< For every service.
};

/// Checks at its end that nothing is left at the provider.
class Cloud {
 public:
  explicit Cloud(CloudParts parts) : parts_(std::move(parts)) {
    emulation::HostOptions options;
    options.settings = parts_.settings;
    auto started = emulation::Host::start(parts_.emulator, std::move(options));
    REQUIRE(ok(started));
    host_ = std::move(*started);
    service_ = open(parts_.goodKey);
  }
  ~Cloud() {
    host_->faults().clear();
    const auto page = service().list().get();
    CHECK(ok(page));
    if (page) {
      for (const auto& record : page->records)
        CHECK(ok(service().sandbox(record.sandboxId).destroy().get()));
    }
    const auto recovered = service().recover().get();
    CHECK(ok(recovered));
    CHECK(host_->ledger().livingSandboxes() == std::vector<std::string>());
  }
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  emulation::Host& host() { return *host_; }
  emulation::Faults& faults() { return host_->faults(); }
  emulation::Ledger& ledger() { return host_->ledger(); }
  SandboxService& service() { return *service_; }

  /// The same records, as another process opens them.
  SandboxService open(const std::string& key) {
    auto variables = parts_.variables;
    for (const auto& [name, value] : host_->environment())
      variables.emplace(name, value);
    variables.insert_or_assign(parts_.keyVariable, key);
    OpenOptions options;
    options.database = directory_ / "records.db";
    options.parts.settings = Settings(std::move(variables));
    // Retries wait no longer than the server wishes.
    options.parts.random = std::make_shared<FakeRandom>(std::deque<double>(), 0.0);
    auto service = mooring::open(std::move(options));
    REQUIRE(ok(service));
    return std::move(*service);
  }

  [[nodiscard]] const std::string& keyVariable() const { return parts_.keyVariable; }
  [[nodiscard]] SandboxConfig config() const {
    SandboxConfig config;
    config.provider = parts_.provider;
    return config;
  }
  Sandbox create() { return create(config()); }
  Sandbox create(const SandboxConfig& config) {
    auto created = service().create(config).get();
    REQUIRE(ok(created));
    return std::move(*created);
  }

 private:
  CloudParts parts_;
  TempDir directory_;
  std::unique_ptr<emulation::Host> host_;
  std::optional<SandboxService> service_;
};

/// Counts what calls cost.
class Meter {
 public:
  explicit Meter(Cloud& cloud) : cloud_(cloud) { cloud_.ledger().reset(); }
  /// Requests since the last count.
  std::uint64_t count() {
    const auto total = cloud_.ledger().total();
    std::string routes;
    for (const auto& [route, times] : cloud_.ledger().counts())
      routes += route + " x" + std::to_string(times) + "; ";
    UNSCOPED_INFO(routes);
    cloud_.ledger().reset();
    return total;
  }

 private:
  Cloud& cloud_;
};

}  // namespace mooring::test
