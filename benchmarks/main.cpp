// Measures mooring beside what it stands on, in one run: ./dev bench. docs/benchmarks.md explains the
// figures.
#include "sections.hpp"

#include <iostream>
#include <string_view>

namespace {

constexpr std::string_view usage =
    "usage: mooring_bench [--json] [--full] [--quick] [--only <section>[,<section>...]]\n"
    "  --json    an array of objects instead of a table\n"
    "  --full    the sizes that the budgets speak of: 10 GiB of output, a million records; takes minutes\n"
    "  --quick   a tenth of the rounds\n"
    "  --only    create, run, fresh, commits, memory, files, list, small\n"
    "The exit code is 1 when a budget was missed.\n";

struct Section {
  std::string_view name;
  std::vector<bench::Row> (*measure)(bench::World&, const bench::Effort&);
};

constexpr Section sections[] = {
    {"create", bench::measureCreate},
    {"run", bench::measureRun},
    {"fresh", bench::measureFreshProcess},
    {"commits", bench::measureCommits},
    {"memory", bench::measureMemory},
    {"files", bench::measureFiles},
    {"list", bench::measureList},
    {"small", bench::measureSmall},
};

bool chosen(std::string_view only, std::string_view name) {
  return only.empty() ||
         ("," + std::string(only) + ",").find("," + std::string(name) + ",") != std::string::npos;
}

int measure(const bench::Effort& effort, std::string_view only, bool json) {
  std::vector<bench::Row> rows;
  bench::World world;
  for (const auto& section : sections) {
    if (!chosen(only, section.name)) continue;
    std::cerr << "measuring " << section.name << " ..." << std::endl;
    auto more = section.measure(world, effort);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  if (json) {
    bench::printJson(std::cout, rows);
  } else {
    bench::printTable(std::cout, rows);
  }
  bool missed = false;
  for (const auto& row : rows)
    missed = missed || row.missed();
  return missed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3 && arguments[0] == "--child-run") return bench::childRun(argv[2], argv[3]);
  if (arguments.size() == 4 && arguments[0] == "--child-flood")
    return bench::childFlood(argv[2], argv[3], argv[4]);
  bench::Effort effort;
  bool json = false;
  std::string_view only;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json") {
      json = true;
    } else if (arguments[i] == "--full") {
      effort.full = true;
    } else if (arguments[i] == "--quick") {
      effort.rounds = 0.1;
    } else if (arguments[i] == "--only" && i + 1 < arguments.size()) {
      only = arguments[++i];
    } else {
      std::cerr << usage;
      return 2;
    }
  }
  return measure(effort, only, json);
} catch (const bench::Failed& failed) {
  std::cerr << "mooring_bench: " << failed.what() << '\n';
  return 1;
}
