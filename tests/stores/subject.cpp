#include "subject.hpp"

#include <mooring/memory/store.hpp>
#include <mooring/sqlite/store.hpp>

#include "support/temp_dir.hpp"

namespace mooring::test {

Subject makeSubject(const std::string& kind) {
  Subject subject{.kind = kind, .open = {}, .first = {}, .second = {}};
  if (kind == "memory") {
    subject.open = [database = memory::makeDatabase()] { return memory::openStore(database); };
  } else {
    subject.open = [directory = std::make_shared<TempDir>()] {
      sqlite::StoreOptions options;
      options.path = *directory / "records.db";
      options.busyTimeout = std::chrono::minutes(2);  // The machine may be busy; what is tested is not time.
      auto store = sqlite::openStore(std::move(options));
      REQUIRE(ok(store));
      return *store;
    };
  }
  subject.first = subject.open();
  subject.second = subject.open();
  return subject;
}

SandboxRecord Subject::add(const SandboxRecord& record) const {
  RecordChange change;
  change.record = record;
  auto event = plainEvent(1, EventReason::created);
  event.sandboxId = record.sandboxId;
  event.from.reset();
  event.to = record.status;
  change.events = {event};
  auto stored = first->insert(change);
  REQUIRE(ok(stored));
  return *stored;
}

}  // namespace mooring::test
