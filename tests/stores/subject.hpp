#pragma once

/// The stores that every promise is tried on, each through two handles on one database.

#include <mooring/store.hpp>

#include "samples.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mooring::test {

struct Subject {
  std::string kind;
  std::function<std::shared_ptr<RecordStore>()> open;
  std::shared_ptr<RecordStore> first;
  std::shared_ptr<RecordStore> second;

  /// Stores `record` as it is, with the event of its creation.
  SandboxRecord add(const SandboxRecord& record) const;
};

/// An empty database of that kind. What it needs lives as long as `open` does.
Subject makeSubject(const std::string& kind);

}  // namespace mooring::test

/// Runs the rest of a test case once for each kind of store.
// NOLINTBEGIN(bugprone-macro-parentheses): it declares `name`.
#define MOORING_EACH_STORE(name)                                                             \
  auto name = ::mooring::test::makeSubject(GENERATE(as<std::string>{}, "memory", "sqlite")); \
  INFO("store: " << (name).kind)
// NOLINTEND(bugprone-macro-parentheses)
