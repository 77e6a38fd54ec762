#include "subject.hpp"

#include <ranges>

using namespace mooring;

namespace {

constexpr std::array providers = {"local", "daytona", "it's"};
constexpr std::array purposes = {"", "parse", "p \"q\""};

/// Sandboxes 1 to `count`, of which each combination of status, provider and purpose has some.
std::vector<SandboxRecord> fill(const test::Subject& subject, int count) {
  std::vector<SandboxRecord> out;
  for (int n = 1; n <= count; ++n) {
    auto record = test::plainRecord(n);
    record.status = detail::EnumText<SandboxStatus>::entries.at(static_cast<std::size_t>(n) % 5).first;
    record.provider = providers.at(static_cast<std::size_t>(n / 5) % providers.size());
    record.config.purpose = purposes.at(static_cast<std::size_t>(n / 15) % purposes.size());
    out.push_back(subject.add(record));
  }
  return out;
}

std::vector<std::string> walk(RecordStore& store, const RecordFilter& filter, int limit) {
  std::vector<std::string> ids;
  PageRequest request{.limit = limit};
  do {
    const auto page = store.list(filter, request);
    REQUIRE(test::ok(page));
    REQUIRE(page->records.size() <= static_cast<std::size_t>(limit));
    for (const auto& record : page->records)
      ids.push_back(record.sandboxId.value);
    REQUIRE((page->nextCursor.empty() || page->records.size() == static_cast<std::size_t>(limit)));
    request.cursor = page->nextCursor;
  } while (!request.cursor.empty());
  return ids;
}

}  // namespace

TEST_CASE("store/list: every filter gives exactly what fits it, newest first, on pages of any size",
          "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto all = fill(subject, 90);
  for (int mask = 0; mask < 8; ++mask) {
    RecordFilter filter;
    if ((mask & 1) != 0) filter.status = SandboxStatus::active;
    if ((mask & 2) != 0) filter.provider = "it's";
    if ((mask & 4) != 0) filter.purpose = purposes.at(static_cast<std::size_t>(mask) % 3);
    std::vector<std::string> expected;
    for (const auto& record : all | std::views::reverse) {
      if (filter.status && record.status != *filter.status) continue;
      if (filter.provider && record.provider != *filter.provider) continue;
      if (filter.purpose && record.config.purpose != *filter.purpose) continue;
      expected.push_back(record.sandboxId.value);
    }
    INFO("filter " << mask);
    REQUIRE_FALSE(expected.empty());
    CHECK(subject.second->count(filter) == static_cast<std::int64_t>(expected.size()));
    for (const int limit : {1, 2, static_cast<int>(expected.size()), 1000}) {
      CHECK(walk(*subject.second, filter, limit) == expected);
    }
  }
}

TEST_CASE("store/list: pages show what stood at the first one, once each, while others insert and change",
          "[stores]") {
  MOORING_EACH_STORE(subject);
  fill(subject, 20);
  std::vector<std::string> seen;
  PageRequest request{.limit = 3};
  int added = 20;
  do {
    const auto page = subject.first->list({}, request);
    REQUIRE(test::ok(page));
    for (const auto& record : page->records)
      seen.push_back(record.sandboxId.value);
    RecordChange newer;
    newer.record = test::plainRecord(++added);
    REQUIRE(test::ok(subject.second->insert(newer)));
    REQUIRE(test::ok(subject.second->touch(test::sandboxId(1), test::at(1000 + added))));
    request.cursor = page->nextCursor;
  } while (!request.cursor.empty());
  std::vector<std::string> expected;
  for (int n = 20; n >= 1; --n)
    expected.push_back(test::sandboxId(n).value);
  CHECK(seen == expected);
}

TEST_CASE("store/list: an empty store has an empty page, and a limit must make sense", "[stores]") {
  MOORING_EACH_STORE(subject);
  const auto page = subject.first->list({}, {});
  REQUIRE(test::ok(page));
  CHECK(page->records.empty());
  CHECK(page->nextCursor.empty());
  for (const int limit : {0, -1, 1001}) {
    CHECK(test::failsWith(
        subject.first->list({}, {.limit = limit}), Errc::invalidArgument, std::to_string(limit)));
  }
  CHECK(subject.first->count({.status = SandboxStatus::active}) == 0);
}
