// Creating, running, and running from a process that has just begun.
#include "sections.hpp"

#include <charconv>
#include <iostream>

namespace bench {
namespace {

const std::vector<std::string> nothing = {"/bin/true"};

void mustSpawn(const std::vector<std::string>& argv) {
  if (!spawn(argv)) throw Failed(argv.front() + " did not end with 0");
}

Row compared(const std::string& section, const Contender& own, const Contender& other) {
  Row row;
  row.section = section;
  row.name = own.name;
  row.value = own.seconds.median() * 1e3;
  row.unit = "ms";
  row.against = other.name;
  row.ratio = own.seconds.median() / other.seconds.median();
  return row;
}

Row alone(const std::string& section, const Contender& one) {
  Row row;
  row.section = section;
  row.name = one.name;
  row.value = one.seconds.median() * 1e3;
  row.unit = "ms";
  return row;
}

}  // namespace

std::vector<Row> measureCreate(World& world, const Effort& effort) {
  const std::string section = "Create";
  std::optional<mooring::Sandbox> made;
  Samples destroys;
  std::vector<Contender> contenders(2);
  contenders[0].name = "create + first command";
  contenders[0].work = [&] {
    made = must(world.service().create(plainConfig()).get(), "create");
    must(made->run("true", {}).get(), "run");
  };
  contenders[1].name = "bwrap true";
  contenders[1].work = [] { mustSpawn(bareBubblewrap(nothing)); };
  const int rounds = effort.times(40);
  for (int round = 0; round <= rounds; ++round) {
    for (auto& contender : contenders) {
      const auto seconds = secondsOf(contender.work);
      if (round > 0) contender.seconds.add(seconds);
    }
    destroys.add(secondsOf([&] { must(made->destroy().get(), "destroy"); }));
  }
  auto row = compared(section, contenders[0], contenders[1]);
  row.bound = Bound::atMost;
  row.budget = 50;
  Row p95 = alone(section, contenders[0]);
  p95.name += ", 95th percentile";
  p95.value = contenders[0].seconds.quantile(0.95) * 1e3;
  Row destroy;
  destroy.section = section;
  destroy.name = "destroy";
  destroy.value = destroys.median() * 1e3;
  destroy.unit = "ms";
  return {row, p95, destroy, alone(section, contenders[1])};
}

std::vector<Row> measureRun(World& world, const Effort& effort) {
  const std::string section = "Warm run of /bin/true";
  const auto sandbox = world.warmSandbox();
  std::vector<Contender> contenders;
  contenders.push_back({.name = "run", .work = [&] { must(sandbox.run("/bin/true", {}).get(), "run"); }});
  contenders.push_back({.name = "posix_spawn", .work = [] { mustSpawn(nothing); }});
  contenders.push_back({.name = "bwrap true", .work = [] { mustSpawn(bareBubblewrap(nothing)); }});
  if (auto entering = enterNamespaces(sandbox, nothing)) {
    contenders.push_back({.name = "nsenter true", .work = [argv = *entering] { mustSpawn(argv); }});
  }
  inTurns(contenders, effort.times(300));
  std::vector<Row> rows;
  for (std::size_t i = 1; i < contenders.size(); ++i)
    rows.push_back(compared(section, contenders[0], contenders[i]));
  for (std::size_t i = 1; i < contenders.size(); ++i)
    rows.push_back(alone(section, contenders[i]));
  return rows;
}

std::vector<Row> measureFreshProcess(World& world, const Effort& effort) {
  const std::string section = "The same from a fresh process that has only the id";
  const auto sandbox = world.warmSandbox();
  const std::vector<std::string> child = {
      ownProgram(), "--child-run", world.database().string(), sandbox.id().value};
  Contender inside{.name = "open() + run, the process's start excluded"};
  std::vector<Contender> contenders;
  contenders.push_back({.name = "open() + run, the process's start included", .work = [&] {
                          double seconds = 0;
                          const auto text = spawnForOutput(child);
                          std::from_chars(text.data(), text.data() + text.size(), seconds);
                          inside.seconds.add(seconds);
                        }});
  contenders.push_back({.name = "bwrap true", .work = [] { mustSpawn(bareBubblewrap(nothing)); }});
  if (auto entering = enterNamespaces(sandbox, nothing)) {
    contenders.push_back({.name = "nsenter true", .work = [argv = *entering] { mustSpawn(argv); }});
  }
  inTurns(contenders, effort.times(60));
  std::vector<Row> rows;
  for (std::size_t i = 1; i < contenders.size(); ++i) {
    rows.push_back(compared(section, contenders[0], contenders[i]));
    rows.push_back(compared(section, inside, contenders[i]));
  }
  return rows;
}

int childRun(const std::string& database, const std::string& id) {
  const auto start = std::chrono::steady_clock::now();
  const auto service = must(mooring::open({.database = database}), "open");
  const auto result = must(service.sandbox(id).run("/bin/true", {}).get(), "run");
  if (result.exitCode != 0) return 1;
  std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() << std::endl;
  return 0;
}

}  // namespace bench
