// What takes microseconds: measured by Google Benchmark.
#include <mooring/recovery.hpp>

#include "sections.hpp"

#include <benchmark/benchmark.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace bench {
namespace {

mooring::SandboxConfig usualConfig() {
  auto config = plainConfig();
  config.env = {{"LANG", "C.UTF-8"}, {"MODE", "test"}};
  config.ports = {8080};
  config.volumes = {{.name = "cache", .mountPath = "/cache"}};
  config.setup.emplace_back(mooring::SetupCommand{.program = "mkdir", .args = {"-p", "results"}});
  config.setup.emplace_back(mooring::SetupUpload{.path = "run.sh", .content = std::string(1000, '#')});
  return config;
}

void readConfig(benchmark::State& state) {
  const auto text = boost::json::serialize(toJson(usualConfig()));
  for (auto unused : state) {
    (void)unused;
    auto config = mooring::parseConfig(boost::json::parse(text));
    benchmark::DoNotOptimize(config);
  }
}

void hashConfig(benchmark::State& state) {
  const auto config = usualConfig();
  for (auto unused : state) {
    (void)unused;
    auto hash = mooring::configHash(config);
    benchmark::DoNotOptimize(hash);
  }
}

/// A world in order: every record stands, and is listed.
void planRecovery(benchmark::State& state) {
  mooring::RecoveryView view;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    mooring::SandboxRecord record;
    record.sandboxId = mooring::SandboxId("sandbox-" + std::to_string(i));
    record.provider = "local";
    record.provisionKey = "key-" + std::to_string(i);
    record.externalSandboxId = mooring::ExternalSandboxId("external-" + std::to_string(i));
    record.status = mooring::SandboxStatus::active;
    mooring::Sighting seen;
    seen.provider = record.provider;
    seen.provisionKey = record.provisionKey;
    seen.externalSandboxId = record.externalSandboxId;
    seen.presence = mooring::Presence::present;
    view.records.push_back(std::move(record));
    view.listed.push_back(std::move(seen));
  }
  for (auto unused : state) {
    (void)unused;
    auto steps = mooring::plan(view);
    benchmark::DoNotOptimize(steps);
  }
}

class Collector final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      if (run.run_type != Run::RT_Aggregate || run.aggregate_name != "median") continue;
      Row row;
      row.section = "Small things";
      row.name = run.run_name.function_name + (run.run_name.args.empty() ? "" : " of " + run.run_name.args);
      row.value = run.GetAdjustedRealTime();
      row.unit = "us";
      rows.push_back(std::move(row));
    }
  }
  std::vector<Row> rows;
};

}  // namespace

std::vector<Row> measureSmall(World& /*world*/, const Effort& effort) {
  const auto usual = [&](benchmark::internal::Benchmark* one) {
    one->Unit(benchmark::kMicrosecond)->Repetitions(effort.times(9))->MinTime(0.05);
  };
  usual(benchmark::RegisterBenchmark("parseConfig", readConfig));
  usual(benchmark::RegisterBenchmark("configHash", hashConfig));
  usual(benchmark::RegisterBenchmark("plan", planRecovery)->Arg(1000)->Arg(10000));
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  return collector.rows;
}

}  // namespace bench
