#include <mooring/sqlite/store.hpp>

#include "subject.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

#include <atomic>
#include <barrier>
#include <thread>

using namespace mooring;

TEST_CASE("store/race: of eight threads that change one version exactly one wins, every time",
          "[stores][race]") {
  MOORING_EACH_STORE(subject);
  subject.add(test::plainRecord(1));
  constexpr int threads = 8;
  constexpr int rounds = 20;
  std::barrier all(threads);
  std::array<std::atomic<int>, rounds> winners{};
  std::array<std::atomic<int>, rounds> refused{};
  std::vector<std::thread> running;
  running.reserve(threads);
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      const auto store = thread % 2 == 0 ? subject.first : subject.second;  // Shared handles and different
                                                                            // ones.
      for (std::size_t round = 0; round < rounds; ++round) {
        RecordChange change;
        auto read = store->get(test::sandboxId(1));
        if (read) change.record = *read;
        change.record.sandboxUrl = std::to_string(thread);
        all.arrive_and_wait();
        const auto result = store->update(change, 0);
        if (result) ++winners.at(round);
        if (!result && result.error().code == Errc::conflict) ++refused.at(round);
        all.arrive_and_wait();
      }
    });
  }
  for (auto& thread : running)
    thread.join();
  for (std::size_t round = 0; round < rounds; ++round) {
    CHECK(winners.at(round) == 1);
    CHECK(refused.at(round) == threads - 1);
  }
  CHECK(subject.open()->get(test::sandboxId(1))->version == rounds + 1);
}

TEST_CASE("sqlite/race: of sixteen processes that change one version exactly one wins, every time",
          "[stores][sqlite][race]") {
  const test::TempDir directory;
  const auto path = directory / "records.db";
  {
    auto store = sqlite::openStore({.path = path});
    REQUIRE(test::ok(store));
    RecordChange change;
    change.record = test::plainRecord(1);
    REQUIRE(test::ok((*store)->insert(change)));
  }
  std::vector<test::Child> children;
  children.reserve(16);
  for (int i = 0; i < 16; ++i)
    children.emplace_back(MOORING_STORE_CHILD, test::ChildOptions{.args = {"swap", path.string()}});
  constexpr int rounds = 8;
  for (int round = 1; round <= rounds; ++round) {
    for (auto& child : children)
      REQUIRE(child.line() == "read " + std::to_string(round));
    for (auto& child : children)
      REQUIRE(child.send("go"));
    int won = 0;
    int conflicts = 0;
    for (auto& child : children) {
      const auto line = child.line().value_or("ended");
      INFO(line);
      won += line == "won" ? 1 : 0;
      conflicts += line.starts_with("conflict") ? 1 : 0;
    }
    CHECK(won == 1);
    CHECK(conflicts == 15);
    for (auto& child : children)
      REQUIRE(child.send("next"));
  }
  children.clear();
  const auto store = sqlite::openStore({.path = path});
  REQUIRE(test::ok(store));
  CHECK((*store)->get(test::sandboxId(1))->version == rounds + 1);
  CHECK((*store)->events(test::sandboxId(1), 0, 100)->size() == rounds);
}
