// Commits for each operation, and the listing of few and of many records.
#include <mooring/sqlite/store.hpp>

#include "sections.hpp"

#include <spdlog/fmt/fmt.h>

namespace bench {
namespace {

Row commits(const std::string& name, std::int64_t count, double budget) {
  Row row;
  row.section = "Commits";
  row.name = name;
  row.value = static_cast<double>(count);
  row.bound = Bound::atMost;
  row.budget = budget;
  return row;
}

/// On tmpfs where there is one: filling it is not what is measured.
std::filesystem::path quickFolder(const World& world) {
  std::error_code missing;
  if (!std::filesystem::is_directory("/dev/shm", missing)) return world.folder();
  return "/dev/shm";
}

/// A service over a database with `count` records, removed again.
class Filled {
 public:
  Filled(const std::filesystem::path& folder, int count)
      : database_(folder / fmt::format("mooring-bench-{}-{}.db", getpid(), count)) {
    auto store = must(mooring::sqlite::openStore({.path = database_}), "opening the store");
    const auto clock = mooring::systemClock();
    const auto ids = mooring::systemIds(clock);
    const auto config = plainConfig();
    const auto hash = mooring::configHash(config);
    fill_ = secondsOf([&] {
      for (int i = 0; i < count; ++i) {
        mooring::RecordChange change;
        auto& record = change.record;
        record.sandboxId = mooring::SandboxId(ids->uuid());
        record.provider = "local";
        record.provisionKey = fmt::format("bench-{}", i);
        record.config = config;
        record.configHash = hash;
        record.createdAt = clock->now();
        record.updatedAt = record.createdAt;
        record.lastUsedAt = record.createdAt;
        mooring::SandboxEvent event;
        event.sandboxId = record.sandboxId;
        event.at = record.createdAt;
        change.events.push_back(std::move(event));
        must(store->insert(change), "insert");
      }
    });
    mooring::OpenOptions options;
    options.store = std::move(store);
    service_ = must(mooring::open(std::move(options)), "open");
    middle_ = cursorAt(count / 2);
  }
  Filled(const Filled&) = delete;
  Filled& operator=(const Filled&) = delete;
  ~Filled() {
    service_.reset();
    std::error_code ignored;
    for (const auto* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(database_.string() + suffix, ignored);
  }

  void firstPage() { must(service_->list().get(), "list"); }
  void middlePage() {
    mooring::PageRequest page;
    page.cursor = middle_;
    must(service_->list(mooring::RecordFilter(), page).get(), "list");
  }
  void filteredPage() {
    mooring::RecordFilter filter;
    filter.purpose = "benchmark";
    must(service_->list(filter).get(), "list");
  }
  [[nodiscard]] double fillSeconds() const { return fill_; }

 private:
  std::string cursorAt(int position) {
    mooring::PageRequest page;
    for (int seen = 0; seen < position; seen += page.limit) {
      page.limit = std::min(1000, position - seen);
      page.cursor = must(service_->list(mooring::RecordFilter(), page).get(), "list").nextCursor;
    }
    return page.cursor;
  }

  std::filesystem::path database_;
  double fill_ = 0;
  std::optional<mooring::SandboxService> service_;
  std::string middle_;
};

}  // namespace

std::vector<Row> measureCommits(World& world, const Effort& /*effort*/) {
  auto& store = world.store();
  auto since = store.commits();
  const auto took = [&] {
    const auto now = store.commits();
    return now - std::exchange(since, now);
  };
  const auto sandbox = must(world.service().create(plainConfig()).get(), "create");
  const auto create = took();
  for (int i = 0; i < 100; ++i)
    must(sandbox.run("true", {}).get(), "run");
  const auto runs = took();
  mooring::Command command;
  command.program = "true";
  must(sandbox.start(command).get(), "start");
  const auto started = took();
  must(sandbox.stop().get(), "stop");
  const auto stop = took();
  must(sandbox.resume().get(), "resume");
  const auto resume = took();
  must(sandbox.recreate().get(), "recreate");
  const auto recreate = took();
  must(sandbox.destroy().get(), "destroy");
  const auto destroy = took();
  return {commits("create", create, 2),
          commits("100 warm runs", runs, 0),
          commits("start", started, 2),
          commits("stop", stop, 1),
          commits("resume", resume, 1),
          commits("recreate", recreate, 2),
          commits("destroy", destroy, 1)};
}

std::vector<Row> measureList(World& world, const Effort& effort) {
  const int many = effort.full ? 1'000'000 : 100'000;
  const auto section = fmt::format("A page of 50 records among {}", many);
  Filled few(quickFolder(world), 1000);
  Filled lots(quickFolder(world), many);
  std::vector<Contender> contenders;
  contenders.push_back({.name = "first page", .work = [&] { lots.firstPage(); }});
  contenders.push_back({.name = "among 1000", .work = [&] { few.firstPage(); }});
  contenders.push_back({.name = "page in the middle", .work = [&] { lots.middlePage(); }});
  contenders.push_back({.name = "among 1000", .work = [&] { few.middlePage(); }});
  contenders.push_back({.name = "first page by purpose", .work = [&] { lots.filteredPage(); }});
  contenders.push_back({.name = "among 1000", .work = [&] { few.filteredPage(); }});
  inTurns(contenders, effort.times(200));
  std::vector<Row> rows;
  for (std::size_t i = 0; i + 1 < contenders.size(); i += 2) {
    Row row;
    row.section = section;
    row.name = contenders[i].name;
    row.value = contenders[i].seconds.median() * 1e6;
    row.unit = "us";
    row.against = contenders[i + 1].name;
    row.ratio = contenders[i].seconds.median() / contenders[i + 1].seconds.median();
    rows.push_back(row);
  }
  Row insert;
  insert.section = section;
  insert.name = "insert of one (on tmpfs, if there is one)";
  insert.value = lots.fillSeconds() / many * 1e6;
  insert.unit = "us";
  rows.push_back(insert);
  return rows;
}

}  // namespace bench
