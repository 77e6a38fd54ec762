#include "fault_matrix.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace mooring::test {

namespace {

bool changesSandbox(const Trouble& trouble) {
  return trouble.harm == Harm::asleep || trouble.harm == Harm::lost;
}

/// A sandbox that ends between the first request of a deed and its last takes the proof of it along.
bool mayFail(const Deed& deed, const Trouble& trouble, std::uint64_t request) {
  if (deed.unsure.contains(trouble.name) || trouble.harm == Harm::garbled) return true;
  if (deed.safe) return false;
  return trouble.harm == Harm::doubt || (changesSandbox(trouble) && request > 0);
}

/// Cells one after the other, in the same sandbox for as long as it lasts.
class Bench {
 public:
  Bench(const Deed& deed, FaultWorld world) : deed_(deed), world_(std::move(world)), cloud_(world_.cloud()) {}

  const std::vector<Trouble>& troubles() const { return world_.troubles; }

  /// How many requests the deed makes.
  std::uint64_t calm() {
    const Trouble none{"none", Harm::none, {}};
    auto cell = begin(none);
    REQUIRE(ok(deed_.act(cell)));
    const auto requests = cloud_->ledger().total();
    REQUIRE(deed_.effects(cell) == 1);
    end(cell);
    return requests;
  }

  void strike(const Trouble& trouble, std::uint64_t request) {
    INFO("trouble: " << trouble.name << ", at request " << request + 1);
    auto cell = begin(trouble);
    auto fault = trouble.fault;
    fault.skip = static_cast<int>(request);
    REQUIRE(ok(cloud_->faults().add(fault)));
    const auto done = deed_.act(cell);
    cloud_->faults().clear();
    checkExecutions();
    const auto effects = deed_.effects(cell);
    if (done) {
      CHECK(effects == 1);
    } else {
      INFO(describe(done.error()));
      CHECK(mayFail(deed_, trouble, request));
      CHECK(isTransient(done.error()));
      CHECK((effects == 0 || effects == 1));
      // Every other code says that nothing has happened.
      if (effects > 0 && !deed_.safe) CHECK(toString(done.error().code) == "outcomeUnknown");
    }
    end(cell);
  }

 private:
  Cell begin(const Trouble& trouble) {
    if (!sandbox_) sandbox_ = cloud_->create();
    Cell cell{*cloud_, trouble, *sandbox_, "cell-" + std::to_string(++cells_)};
    deed_.prepare(cell);
    const auto record = cell.sandbox.record().get();
    REQUIRE(ok(record));
    before_ = *record;
    cloud_->ledger().reset();
    return cell;
  }

  void end(Cell& cell) {
    if (!deed_.ends) {
      const auto record = cell.sandbox.record().get();
      REQUIRE(ok(record));
      CHECK(toString(record->status) == "active");
      if (!cell.lost()) {
        CHECK(record->generation == before_.generation);
        CHECK(record->externalSandboxId == before_.externalSandboxId);
      }
    }
    if (!deed_.ends && !changesSandbox(cell.trouble)) return;
    REQUIRE(ok(cell.sandbox.destroy().get()));
    const auto recovered = cloud_->service().recover().get();
    REQUIRE(ok(recovered));
    CHECK(recovered->failures.empty());
    CHECK(cloud_->ledger().livingSandboxes() == std::vector<std::string>());
    sandbox_.reset();
  }

  void checkExecutions() const {
    if (!world_.unequalExecutions || deed_.safe) return;
    std::map<std::string, int> times;
    for (const auto& command : cloud_->ledger().commands())
      ++times[command.digest];
    const bool twice = std::ranges::any_of(times, [](const auto& entry) { return entry.second > 1; });
    CHECK_FALSE(twice);
  }

  const Deed& deed_;
  FaultWorld world_;
  std::unique_ptr<Cloud> cloud_;
  std::optional<Sandbox> sandbox_;
  SandboxRecord before_;
  int cells_ = 0;
};

}  // namespace

std::string Cell::sh(const std::string& script) const {
  const auto result = sandbox.run(shell(script)).get();
  REQUIRE(ok(result));
  INFO(result->err.text);
  REQUIRE(result->exitCode == 0);
  return result->out.text;
}

std::optional<std::string> Cell::content(const std::string& path) const {
  auto read = sandbox.files().read(path).get();
  if (read) return std::move(*read);
  REQUIRE(failsWith(read, Errc::notFound));
  return std::nullopt;
}

Command shell(std::string script) {
  Command command;
  command.program = "sh";
  command.args = {"-c", std::move(script)};
  command.timeouts.total = std::chrono::seconds(60);
  return command;
}

void underEachTrouble(const Deed& deed) {
  Bench bench(deed, faultWorld());
  const auto requests = bench.calm();
  for (const auto& trouble : bench.troubles()) {
    if (deed.spares.contains(trouble.harm) || deed.skips.contains(trouble.name)) continue;
    for (std::uint64_t request = 0; request < requests; ++request)
      bench.strike(trouble, request);
  }
}

bool offers(Cloud& cloud, Capability capability) {
  const auto all = cloud.service().providers().get();
  REQUIRE(ok(all));
  const auto ours = std::ranges::find(*all, cloud.config().provider, &ProviderDescription::name);
  REQUIRE(ours != all->end());
  const auto found = ours->capabilities.find(capability);
  return found != ours->capabilities.end() && found->second.support != Support::unsupported;
}

Verdict isTransient(const Error& error) {
  static const std::set<Errc> codes = {
      Errc::outcomeUnknown, Errc::unavailable, Errc::corrupted, Errc::rateLimited};
  return {codes.contains(error.code), describe(error)};
}

}  // namespace mooring::test
