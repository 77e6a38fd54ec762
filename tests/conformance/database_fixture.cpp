#include "database_fixture.hpp"

#include <mooring/sqlite/store.hpp>

#include "support/tasks.hpp"

#include <stdexcept>
#include <utility>

namespace mooring::conformance {
namespace {

template <class T>
T valueOf(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + describe(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace

struct DatabaseFixture::Secrets {
  std::mutex mutex;
  std::map<std::string, std::string> values;
};

DatabaseFixture::DatabaseFixture(DatabaseFixtureParts parts)
    : parts_(std::move(parts)), secrets_(std::make_shared<Secrets>()) {
  auto first = otherProcess();
  store_ = std::move(first.store);
  service_ = std::move(first.service);
  backDoor_ = valueOf(makeProvider(test::contextOn(test::engine(), parts_.settings)),
                      "the fixture's provider");
}

DatabaseFixture::~DatabaseFixture() = default;

OtherProcess DatabaseFixture::otherProcess() {
  auto store = valueOf(sqlite::openStore({.path = directory_ / "records.db"}), "the fixture's database");
  ServiceParts parts;
  parts.store = store;
  parts.providers = parts_.providers;
  parts.settings = parts_.settings;
  parts.secrets = [secrets = secrets_](const std::string& name) -> std::optional<Secret> {
    const std::lock_guard lock(secrets->mutex);
    const auto found = secrets->values.find(name);
    if (found == secrets->values.end()) return std::nullopt;
    return Secret(found->second);
  };
  auto service = valueOf(SandboxService::open(std::move(parts)), "the fixture's service");
  return {.store = std::move(store), .service = std::move(service)};
}

void DatabaseFixture::setSecret(std::string name, std::string value) {
  const std::lock_guard lock(secrets_->mutex);
  secrets_->values.insert_or_assign(std::move(name), std::move(value));
}

Result<std::shared_ptr<Provider>> DatabaseFixture::makeProvider(ProviderContext context) {
  auto factory = parts_.providers.find(parts_.config.provider);
  if (!factory) return std::unexpected(std::move(factory).error());
  return (*factory)(context);
}

Instance DatabaseFixture::instanceOf(const SandboxId& id) {
  const auto record = valueOf(store_->get(id), "the record");
  return {.id = record.externalSandboxId,
          .provisionKey = record.provisionKey,
          .url = record.sandboxUrl,
          .connection = record.connection};
}

void DatabaseFixture::vanish(const SandboxId& id) {
  const CallOptions unlimited;
  valueOf(test::run(backDoor_->lifecycle().destroy(instanceOf(id), unlimited)), "vanish");
}

void DatabaseFixture::putToSleep(const SandboxId& id) {
  const CallOptions unlimited;
  valueOf(test::run(backDoor_->lifecycle().stop(instanceOf(id), unlimited)), "putToSleep");
}

std::vector<std::string> DatabaseFixture::leftovers() {
  const CallOptions unlimited;
  const auto owner = valueOf(store_->deploymentId(), "the owner tag");
  std::vector<std::string> keys;
  std::string cursor;
  do {
    auto page = valueOf(test::run(backDoor_->lifecycle().list(owner, cursor, unlimited)), "the listing");
    for (auto& instance : page.instances)
      keys.push_back(std::move(instance.provisionKey));
    cursor = std::move(page.nextCursor);
  } while (!cursor.empty());
  return keys;
}

}  // namespace mooring::conformance
