#pragma once

#include "fixture.hpp"
#include "support/temp_dir.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mooring::conformance {

struct DatabaseFixtureParts {
  ProviderRegistry providers = {};
  Settings settings = {};
  SandboxConfig config = {};  ///< With `provider` set.
};

/// A fixture over a SQLite file in a directory of its own. It goes behind the services' back through a second
/// provider object, which knows nothing of the database; override that where a provider has ruder ways.
class DatabaseFixture : public Fixture {
 public:
  explicit DatabaseFixture(DatabaseFixtureParts parts);
  ~DatabaseFixture() override;

  [[nodiscard]] std::string provider() const override { return parts_.config.provider; }
  [[nodiscard]] SandboxConfig config() const override { return parts_.config; }
  SandboxService& service() override { return *service_; }
  RecordStore& store() override { return *store_; }
  OtherProcess otherProcess() override;
  void setSecret(std::string name, std::string value) override;
  [[nodiscard]] std::filesystem::path databaseDirectory() const override { return directory_.path(); }
  Result<std::shared_ptr<Provider>> makeProvider(ProviderContext context) override;
  [[nodiscard]] Settings settings() const override { return parts_.settings; }

  void vanish(const SandboxId& id) override;
  void putToSleep(const SandboxId& id) override;
  std::vector<std::string> leftovers() override;

 protected:
  /// What stands behind `id` now, as the record says.
  Instance instanceOf(const SandboxId& id);

 private:
  struct Secrets;

  DatabaseFixtureParts parts_;
  test::TempDir directory_;
  std::shared_ptr<Secrets> secrets_;
  std::shared_ptr<RecordStore> store_;
  std::optional<SandboxService> service_;
  std::shared_ptr<Provider> backDoor_;
};

}  // namespace mooring::conformance
