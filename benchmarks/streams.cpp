// Memory while a command floods its output, and the rates of files.
#include "sections.hpp"

#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

namespace bench {
namespace {

constexpr double mib = 1024.0 * 1024.0;

/// Most memory that this process has had resident at once, in MiB.
double peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  throw Failed("no VmHWM in /proc/self/status");
}

void writeNoise(const std::filesystem::path& path, std::size_t bytes) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937_64 noise(1);
  std::vector<std::uint64_t> block(std::size_t{1} << 17);
  for (std::size_t done = 0; done < bytes; done += block.size() * sizeof(block[0])) {
    for (auto& word : block)
      word = noise();
    file.write(reinterpret_cast<const char*>(block.data()),
               static_cast<std::streamsize>(block.size() * sizeof(block[0])));
  }
  if (!file.flush()) throw Failed("cannot write " + path.string());
}

}  // namespace

int childFlood(const std::string& database, const std::string& id, const std::string& bytes) {
  const auto service = must(mooring::open({.database = database}), "open");
  const auto sandbox = service.sandbox(id);
  mooring::Command command;
  command.program = "head";
  command.args = {"-c", "1", "/dev/zero"};
  must(sandbox.run(command).get(), "run");
  const auto before = peakMemory();
  command.args = {"-c", bytes, "/dev/zero"};
  std::optional<mooring::CommandResult> result;
  const auto seconds = secondsOf([&] { result = must(sandbox.run(command).get(), "run"); });
  if (std::to_string(result->out.totalBytes) != bytes || !result->out.truncated) return 1;
  std::cout << before << ' ' << peakMemory() << ' ' << seconds << std::endl;
  return 0;
}

std::vector<Row> measureMemory(World& world, const Effort& effort) {
  const std::uint64_t bytes = std::uint64_t{effort.full ? 10u : 1u} << 30;
  const auto text = std::to_string(bytes);
  const auto section = fmt::format("A command that prints {} GiB", bytes >> 30);
  const auto sandbox = world.warmSandbox();
  const auto output = spawnForOutput(
      {ownProgram(), "--child-flood", world.database().string(), sandbox.id().value, text});
  double before = 0;
  double after = 0;
  double seconds = 0;
  if (!(std::istringstream(output) >> before >> after >> seconds)) throw Failed("the child said: " + output);
  const auto bare = secondsOf(
      [&] { spawnForOutput({"sh", "-c", "head -c " + text + " /dev/zero | cat >/dev/null"}); });

  Row growth{.section = section,
             .name = "growth of the client's peak memory",
             .value = after - before,
             .unit = "MiB"};
  growth.bound = Bound::atMost;
  growth.budget = static_cast<double>(mooring::Command().captureLimit) / mib + 1;
  Row baseline{.section = section, .name = "its peak memory before", .value = before, .unit = "MiB"};
  Row rate{.section = section,
           .name = "rate",
           .value = static_cast<double>(bytes) / mib / seconds,
           .unit = "MiB/s"};
  rate.against = "head | cat";
  rate.ratio = bare / seconds;
  return {growth, baseline, rate};
}

std::vector<Row> measureFiles(World& world, const Effort& effort) {
  constexpr std::size_t size = std::size_t{256} << 20;
  const std::string section = "A file of 256 MiB";
  const auto sandbox = world.warmSandbox();
  const auto files = sandbox.files();
  const auto source = world.folder() / "noise";
  const auto fetched = world.folder() / "fetched";
  const auto copied = world.folder() / "copied";
  const auto copiedByDd = world.folder() / "copied-by-dd";
  writeNoise(source, size);
  const auto memory = peakMemory();
  std::vector<Contender> contenders;
  contenders.push_back(
      {.name = "upload", .work = [&] { must(files.upload(source, "noise").get(), "upload"); }});
  contenders.push_back(
      {.name = "download", .work = [&] { must(files.download("noise", fetched).get(), "download"); }});
  const auto mustSpawn = [](const std::vector<std::string>& argv) {
    if (!spawn(argv)) throw Failed(argv.front() + " failed");
  };
  contenders.push_back({.name = "cp", .work = [&] { mustSpawn({"cp", source.string(), copied.string()}); }});
  contenders.push_back(
      {.name = "dd bs=64K", .work = [&] {
         mustSpawn({"dd", "if=" + source.string(), "of=" + copiedByDd.string(), "bs=64K", "status=none"});
       }});
  const int rounds = effort.times(10);
  for (int round = 0; round <= rounds; ++round) {
    for (auto& contender : contenders) {
      const auto seconds = secondsOf(contender.work);
      if (round > 0) contender.seconds.add(seconds);
    }
    // Each round finds its targets missing: replacing a file costs its removal too.
    if (!spawn({"cmp", source.string(), fetched.string()})) throw Failed("what came back differs");
    must(files.remove("noise").get(), "remove");
    std::filesystem::remove(fetched);
    std::filesystem::remove(copied);
    std::filesystem::remove(copiedByDd);
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& one = contenders[i];
    const auto rate = static_cast<double>(size) / mib / one.seconds.median();
    Row row{.section = section, .name = one.name, .value = rate, .unit = "MiB/s"};
    if (i < 2) {
      row.against = contenders[3].name;
      row.ratio = contenders[3].seconds.median() / one.seconds.median();
      rows.push_back(row);
      row.against = contenders[2].name;
      row.ratio = contenders[2].seconds.median() / one.seconds.median();
    }
    rows.push_back(row);
  }
  rows.push_back(
      {.section = section, .name = "growth of peak memory", .value = peakMemory() - memory, .unit = "MiB"});
  return rows;
}

}  // namespace bench
