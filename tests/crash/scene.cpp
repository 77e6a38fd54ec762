#include "crash/scene.hpp"

#include <mooring/sqlite/store.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace mooring::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(describe(result.error()));
  return std::move(*result);
}

std::string text(const RecoveryStep& step) {
  return std::string(toString(step.action)) + " " + step.provisionKey + " (" + step.why + ")";
}

std::vector<std::string> texts(const std::vector<RecoveryStep>& steps) {
  std::vector<std::string> out;
  out.reserve(steps.size());
  for (const auto& step : steps)
    out.push_back(text(step));
  return out;
}

std::vector<std::string> texts(const std::vector<Error>& errors) {
  std::vector<std::string> out;
  out.reserve(errors.size());
  for (const auto& error : errors)
    out.push_back(describe(error));
  return out;
}

std::string text(const SandboxRecord& record) { return boost::json::serialize(toJson(record)); }

bool keepsSomething(const SandboxRecord& record) {
  const bool ended = record.status == SandboxStatus::shutdown || record.status == SandboxStatus::error;
  return !ended || !record.externalSandboxId.empty();
}

}  // namespace

Scene::Scene(const std::string& provider) : world_(makeWorld(provider)) {
  sqlite::StoreOptions options;
  options.path = directory_ / "mooring.db";
  store_ = must(sqlite::openStore(std::move(options)));
}

SandboxService Scene::service() const {
  OpenOptions options;
  options.database = directory_ / "mooring.db";
  const auto settings = world_->settings();
  options.parts.settings = Settings({settings.begin(), settings.end()});
  options.parts.clock = clock_;
  return must(mooring::open(std::move(options)));
}

Child Scene::child(const ChildTask& task) const {
  ChildOptions options;
  options.args = {task.verb, task.subject};
  options.env = world_->settings();
  options.env["MOORING_CRASH_DATABASE"] = (directory_ / "mooring.db").string();
  options.env["MOORING_CRASH_CLOCK_MS"] = std::to_string(clock_->offset().count());
  if (task.cutOff) options.env["MOORING_CRASH_STEP"] = toString(*task.cutOff);
  options.env["MOORING_CRASH_HOW"] = task.how == How::kill ? "kill" : "freeze";
  if (task.waits) options.env["MOORING_CRASH_WAIT"] = "1";
  return Child(MOORING_CRASH_CHILD, options);
}

void Scene::killed(const ChildTask& task) const {
  auto process = child(task);
  const auto said = process.rest();
  INFO("the child said: " << (said.empty() ? std::string("nothing") : said.back()));
  REQUIRE(process.wait() == 128 + SIGKILL);
}

std::string Scene::finished(const ChildTask& task) const {
  auto process = child(task);
  const auto said = process.rest();
  process.wait();
  return said.empty() ? std::string() : said.back();
}

SandboxConfig Scene::config(RecreatePolicy policy, bool withSetup) const {
  SandboxConfig config;
  config.provider = world_->provider();
  config.recreate = policy;
  // Leaves a trace of how often it ran on one generation.
  if (withSetup)
    config.setup.emplace_back(SetupCommand{.program = "sh", .args = {"-c", "echo done >> setup.log"}});
  return config;
}

std::vector<SandboxRecord> Scene::records() {
  PageRequest page;
  page.limit = 1000;
  return must(store_->list(RecordFilter(), page)).records;
}

SandboxRecord Scene::onlyRecord() {
  auto all = records();
  if (all.size() != 1)
    throw std::runtime_error("there are " + std::to_string(all.size()) + " records, not one");
  return std::move(all.front());
}

std::vector<SandboxEvent> Scene::events(const SandboxId& id) { return must(store_->events(id, 0, 1000)); }

int Scene::count(const SandboxId& id, EventReason reason) {
  return static_cast<int>(std::ranges::count(events(id), reason, &SandboxEvent::reason));
}

void checkHistories(Scene& scene) {
  for (const auto& record : scene.records()) {
    INFO(text(record));
    auto events = scene.events(record.sandboxId);
    REQUIRE_FALSE(events.empty());
    // Paying is noted on the side: it is no change of the record, and may overlap with one.
    std::erase_if(events, [](const SandboxEvent& event) { return event.reason == EventReason::debtPaid; });
    CHECK(events.front().reason == EventReason::created);
    CHECK_FALSE(events.front().from);
    for (std::size_t i = 1; i < events.size(); ++i) {
      CAPTURE(i, toString(events[i].reason));
      REQUIRE(events[i].from);
      CHECK(*events[i].from == events[i - 1].to);
      CHECK(transitionAllowed(*events[i].from, events[i].to));
      CHECK(events[i].seq > events[i - 1].seq);
    }
    CHECK(events.back().to == record.status);

    const bool unfinished = record.status == SandboxStatus::creating ||
                            record.status == SandboxStatus::recreating;
    if (record.leaseExpiresAt) CHECK(unfinished);
    CHECK(record.leaseOwner.empty() == !record.leaseExpiresAt);
    CHECK(record.shutdownAt.has_value() == (record.status == SandboxStatus::shutdown));
    if (record.status == SandboxStatus::error) CHECK(record.error);
    if (record.status == SandboxStatus::active) CHECK_FALSE(record.externalSandboxId.empty());
  }
}

void checkRecovers(Scene& scene) {
  const auto service = scene.service();
  const auto planned = service.plan().get();
  REQUIRE(ok(planned));
  const auto report = service.recover().get();
  REQUIRE(ok(report));
  INFO("planned: " << Catch::StringMaker<std::vector<std::string>>::convert(texts(*planned)));
  CHECK(texts(report->failures).empty());
  CHECK(texts(report->steps) == texts(*planned));

  checkHistories(scene);
  std::set<std::string> kept;
  const auto standing = scene.world().standing();
  for (const auto& record : scene.records()) {
    INFO(text(record));
    CHECK(record.status != SandboxStatus::creating);
    CHECK(record.status != SandboxStatus::recreating);
    if (keepsSomething(record)) kept.insert(record.provisionKey);
    // What vanished behind everybody's back is found by the next call, unless policy wants it found now.
    if (record.status == SandboxStatus::active && record.config.recreate != RecreatePolicy::onDemand) {
      CHECK(std::ranges::count(standing, record.provisionKey) == 1);
    }
  }
  for (const auto& key : standing) {
    INFO("standing: " << key);
    CHECK(kept.contains(key));
  }
  const auto debts = scene.store().debts();
  REQUIRE(ok(debts));
  CHECK(debts->empty());

  const auto again = service.plan().get();
  REQUIRE(ok(again));
  CHECK(texts(*again).empty());
  const auto before = scene.records();
  const auto second = service.recover().get();
  REQUIRE(ok(second));
  CHECK(texts(second->steps).empty());
  CHECK(texts(second->failures).empty());
  const auto after = scene.records();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i)
    CHECK(after[i].version == before[i].version);
}

void checkEndsClean(Scene& scene) {
  const auto service = scene.service();
  for (const auto& record : scene.records()) {
    const auto ended = service.sandbox(record.sandboxId).destroy().get();
    REQUIRE(ok(ended));
    CHECK(ended->status == SandboxStatus::shutdown);
  }
  const auto debts = scene.store().debts();
  REQUIRE(ok(debts));
  CHECK(debts->empty());
  CHECK(scene.world().standing() == std::vector<std::string>());
  std::vector<std::string> keys;
  for (const auto& record : scene.records()) {
    const auto name = record.provisionKey.substr(0, record.provisionKey.rfind('-') + 1);
    for (int generation = 1; generation <= record.generation; ++generation) {
      keys.push_back(name + std::to_string(generation));
    }
  }
  CHECK(scene.world().leftovers(keys) == std::vector<std::string>());
  checkHistories(scene);
}

}  // namespace mooring::test
