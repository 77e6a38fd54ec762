// Another process with the same database. Arguments: what to do, the database, and what that needs.
#include "support/child.hpp"

#include <mooring/sqlite/store.hpp>

#include "samples.hpp"

#include <SQLiteCpp/Database.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

using namespace mooring;
namespace json = boost::json;

namespace {

std::shared_ptr<RecordStore> open(const std::string& path) {
  sqlite::StoreOptions options;
  options.path = path;
  options.busyTimeout = std::chrono::minutes(2);
  auto store = sqlite::openStore(std::move(options));
  if (!store) throw std::runtime_error(describe(store.error()));
  return *store;
}

RecordChange changeOf(SandboxRecord record) {
  RecordChange change;
  change.record = std::move(record);
  return change;
}

std::string outcome(const Result<SandboxRecord>& result) { return result ? "won" : describe(result.error()); }

/// Reads sandbox 1, waits, changes that version, waits; again until the test is gone.
void swap(const std::string& path) {
  const auto store = open(path);
  while (true) {
    auto change = changeOf(store->get(test::sandboxId(1)).value());
    change.events = {test::plainEvent(1, EventReason::warning)};
    test::child::announce("read " + std::to_string(change.record.version));
    if (!test::child::awaitLine()) return;
    test::child::announce(outcome(store->update(change, 0)));
    if (!test::child::awaitLine()) return;
  }
}

/// Inserts for ever, announcing each number that is committed.
void insertFrom(const std::string& path, int first) {
  const auto store = open(path);
  for (int n = first;; ++n) {
    auto change = changeOf(test::fullRecord(n));
    change.events = {test::plainEvent(n, EventReason::created)};
    change.incurred = {test::plainDebt(n)};
    if (auto stored = store->insert(change); !stored) throw std::runtime_error(describe(stored.error()));
    test::child::announce(std::to_string(n));
  }
}

/// Opens at a signal, together with others.
void openTogether(const std::string& path) {
  test::child::pauseAt("ready");
  const auto store = open(path);
  test::child::pauseAt(store->deploymentId().value());
}

/// Opens without root's rights, which make every file writable.
void openAsNobody(const std::string& path) {
  constexpr unsigned nobody = 65534;
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0)) {
    throw std::runtime_error("cannot become nobody");
  }
  const auto store = sqlite::openStore({.path = path});
  test::child::announce(store ? "opened" : describe(store.error()));
}

/// Inserts until the file may not grow any more, then lets it grow again.
void fill(const std::string& path) {
  const auto store = open(path);
  std::signal(SIGXFSZ, SIG_IGN);  // NOLINT(cert-err33-c): write() says it then.
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const auto unlimited = limit;
  limit.rlim_cur = 1 << 20;
  setrlimit(RLIMIT_FSIZE, &limit);
  int n = 0;
  const auto insert = [&] {
    auto change = changeOf(test::plainRecord(++n));
    change.record.config.params["filling"] = std::string(100'000, 'x');
    return store->insert(change);
  };
  auto result = insert();
  while (result)
    result = insert();
  test::child::announce(std::to_string(n - 1));
  test::child::announce(describe(result.error()));
  setrlimit(RLIMIT_FSIZE, &unlimited);
  test::child::announce(outcome(insert()));
}

/// Leaves a log behind that says the schema is newer than any mooring knows, and waits to be killed.
void becomeNewer(const std::string& path) {
  open(path);
  SQLite::Database database(path, SQLite::OPEN_READWRITE);
  database.exec("INSERT INTO schema_migrations (number, name, appliedAt) VALUES (99, 'later', 0)");
  test::child::pauseAt("written");
}

template <class T>
json::array all(const std::vector<T>& items) {
  using mooring::toJson;
  using test::toJson;
  json::array out;
  for (const auto& item : items)
    out.push_back(toJson(item));
  return out;
}

/// Writes the fixture and, beside it, what is in it; see tests/fixtures/database/README.md.
void writeFixture(const std::string& path) {
  if (std::filesystem::exists(path))
    throw std::runtime_error(path + " exists; a fixture is never written again");
  const auto store = open(path);
  for (const int n : {1, 2, 3}) {
    auto change = changeOf(n == 1 ? test::plainRecord(n) : test::fullRecord(n));
    change.events = {test::plainEvent(n, EventReason::created)};
    change.incurred = {test::plainDebt(n)};
    if (!store->insert(change) || !store->insertCommand(test::plainCommand(n, n)))
      throw std::runtime_error("insert");
  }
  auto ended = test::plainCommand(2, 2);
  ended.status = CommandStatus::exited;
  ended.exitCode = 3;
  ended.finishedAt = test::at(9);
  if (!store->updateCommand(ended)) throw std::runtime_error("update");
  json::array sandboxes;
  for (const int n : {1, 2, 3}) {
    sandboxes.push_back(json::object{{"record", toJson(store->get(test::sandboxId(n)).value())},
                                     {"events", all(store->events(test::sandboxId(n), 0, 100).value())},
                                     {"commands", all(store->listCommands(test::sandboxId(n)).value())}});
  }
  std::ofstream out(std::filesystem::path(path).replace_extension(".json"));
  out << json::serialize(json::object{{"deploymentId", store->deploymentId().value()},
                                      {"sandboxes", sandboxes},
                                      {"debts", all(store->debts().value())}})
      << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    const auto& verb = args.at(0);
    const auto& path = args.at(1);
    if (verb == "swap") return swap(path), 0;
    if (verb == "insert") return insertFrom(path, std::stoi(args.at(2))), 0;
    if (verb == "open") return openTogether(path), 0;
    if (verb == "open-as-nobody") return openAsNobody(path), 0;
    if (verb == "fill") return fill(path), 0;
    if (verb == "become-newer") return becomeNewer(path), 0;
    if (verb == "write-fixture") return writeFixture(path), 0;
    throw std::runtime_error("unknown verb " + verb);
  } catch (const std::exception& failure) {
    std::cerr << "store child: " << failure.what() << '\n';
    return 1;
  }
}
