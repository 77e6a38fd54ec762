#pragma once

/// A service at an emulated Daytona, with the emulator at hand.

#include <mooring/daytona/emulator.hpp>
#include <mooring/emulation/emulator.hpp>
#include <mooring/mooring.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/temp_dir.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace mooring::test {

class DaytonaCloud {
 public:
  static constexpr const char* goodKey = "dtn_matrix-good";

  DaytonaCloud() {
    emulation::HostOptions options;
    options.settings = {{"key", goodKey}};
    auto started = emulation::Host::start(daytona::makeEmulator, std::move(options));
    REQUIRE(ok(started));
    host_ = std::move(*started);
    service_ = open(goodKey);
  }
  ~DaytonaCloud() {
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
  DaytonaCloud(const DaytonaCloud&) = delete;
  DaytonaCloud& operator=(const DaytonaCloud&) = delete;

  emulation::Host& host() { return *host_; }
  emulation::Faults& faults() { return host_->faults(); }
  emulation::Ledger& ledger() { return host_->ledger(); }
  SandboxService& service() { return *service_; }

  /// The same records, as another process opens them.
  SandboxService open(const std::string& key) {
    std::map<std::string, std::string, std::less<>> variables;
    for (const auto& [name, value] : host_->environment())
      variables.emplace(name, value);
    variables.insert_or_assign("DAYTONA_API_KEY", key);
    // Stopping keeps the files, so that the states in between can be had.
    variables.insert_or_assign("SANDBOX_DAYTONA_EPHEMERAL", "0");
    OpenOptions options;
    options.database = directory_ / "records.db";
    options.parts.settings = Settings(std::move(variables));
    auto service = mooring::open(std::move(options));
    REQUIRE(ok(service));
    return std::move(*service);
  }

  static SandboxConfig config() {
    SandboxConfig config;
    config.provider = "daytona";
    return config;
  }
  Sandbox create() {
    auto created = service().create(config()).get();
    REQUIRE(ok(created));
    return std::move(*created);
  }

 private:
  TempDir directory_;
  std::unique_ptr<emulation::Host> host_;
  std::optional<SandboxService> service_;
};

}  // namespace mooring::test
