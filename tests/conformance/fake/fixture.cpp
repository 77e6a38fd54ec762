// The suite against the cloud in memory: it offers little, so that the refusals are put to the test, and a
// stopped or vanished sandbox costs nothing.
#include <mooring/local/options.hpp>

#include "../database_fixture.hpp"
#include "support/fake_cloud.hpp"

namespace mooring::conformance {
namespace {

using test::FakeCloud;

std::shared_ptr<FakeCloud> makeCloud() {
  ProviderRegistry workers;
  local::registerProvider(workers);
  auto worker = workers.find(local::Options::provider);
  if (!worker) throw std::runtime_error(describe(worker.error()));
  test::FakeOptions options;
  options.worker = std::move(*worker);
  return FakeCloud::make(std::move(options));
}

DatabaseFixtureParts partsOf(const std::shared_ptr<FakeCloud>& cloud) {
  DatabaseFixtureParts parts;
  cloud->registerIn(parts.providers);
  parts.settings = Settings::fromEnvironment();
  parts.config.provider = "fake";
  return parts;
}

class FakeFixture final : public DatabaseFixture {
 public:
  explicit FakeFixture(std::shared_ptr<FakeCloud> cloud)
      : DatabaseFixture(partsOf(cloud)), cloud_(std::move(cloud)) {}

  void vanish(const SandboxId& id) override { cloud_->vanish(instanceOf(id).provisionKey); }
  void putToSleep(const SandboxId& id) override { cloud_->putToSleep(instanceOf(id).provisionKey); }
  std::vector<std::string> leftovers() override { return cloud_->existing(); }

 private:
  std::shared_ptr<FakeCloud> cloud_;
};

}  // namespace

std::unique_ptr<Fixture> makeFixture() { return std::make_unique<FakeFixture>(makeCloud()); }

}  // namespace mooring::conformance
