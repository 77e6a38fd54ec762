// Checkpoints and volumes, under each trouble.
#include "fault_matrix.hpp"

#include <algorithm>

using namespace mooring;
using namespace mooring::test;

namespace {

template <class T>
Result<void> plain(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

std::vector<CheckpointInfo> checkpointsOf(Cell& cell) {
  auto all = cell.sandbox.checkpoints().list().get();
  REQUIRE(ok(all));
  return std::move(*all);
}

}  // namespace

TEST_CASE("faults: a checkpoint is taken once, or it is said", "[emulated]") {
  const auto cloud = faultWorld().cloud();
  if (!offers(*cloud, Capability::checkpoints)) return;
  const bool removable = offers(*cloud, Capability::checkpointRemoval);
  Deed deed;
  auto had = std::make_shared<std::size_t>(0);
  auto made = std::make_shared<std::optional<CheckpointInfo>>();
  deed.prepare = [had](Cell& cell) {
    REQUIRE(ok(cell.sandbox.files().write(cell.name, "kept").get()));
    *had = checkpointsOf(cell).size();
  };
  deed.act = [made](Cell& cell) -> Result<void> {
    made->reset();
    auto created = cell.sandbox.checkpoints().create(cell.name).get();
    if (!created) return std::unexpected(created.error());
    made->emplace(std::move(*created));
    return {};
  };
  deed.effects = [had, made, removable](Cell& cell) {
    const auto all = checkpointsOf(cell);
    if (*made) {
      const auto found = std::ranges::find(all, (*made)->id, &CheckpointInfo::id);
      REQUIRE(found != all.end());
      CHECK(found->comment == cell.name);
    }
    // Other cells' checkpoints of the same sandbox would fill it up.
    for (const auto& each : all) {
      if (removable) REQUIRE(ok(cell.sandbox.checkpoints().remove(each.id).get()));
    }
    return static_cast<int>(all.size() - *had);
  };
  deed.spares = {Harm::lost};     // There is nothing to be kept any more.
  deed.skips = {"snapshotting"};  // That makes one of its own.
  underEachTrouble(deed);
}

TEST_CASE("faults: a checkpoint is restored, whatever happens to the first attempt", "[emulated]") {
  const auto cloud = faultWorld().cloud();
  if (!offers(*cloud, Capability::checkpoints)) return;
  Deed deed;
  deed.safe = true;
  deed.ends = true;
  auto taken = std::make_shared<CheckpointInfo>();
  deed.prepare = [taken](Cell& cell) {
    REQUIRE(ok(cell.sandbox.files().write("file", "before").get()));
    auto made = cell.sandbox.checkpoints().create().get();
    REQUIRE(ok(made));
    *taken = std::move(*made);
    REQUIRE(ok(cell.sandbox.files().write("file", "after").get()));
  };
  deed.act = [taken](Cell& cell) { return cell.sandbox.checkpoints().restore(taken->id).get(); };
  deed.effects = [](Cell& cell) {
    const auto now = cell.content("file");
    return now == "before" ? 1 : now == "after" ? 0 : neitherNor;
  };
  deed.spares = {Harm::lost};
  underEachTrouble(deed);
}

TEST_CASE("faults: a checkpoint is removed, whatever happens to the first attempt", "[emulated]") {
  const auto cloud = faultWorld().cloud();
  if (!offers(*cloud, Capability::checkpointRemoval)) return;
  Deed deed;
  deed.safe = true;
  deed.ends = true;
  auto taken = std::make_shared<CheckpointInfo>();
  deed.prepare = [taken](Cell& cell) {
    auto made = cell.sandbox.checkpoints().create(cell.name).get();
    REQUIRE(ok(made));
    *taken = std::move(*made);
  };
  deed.act = [taken](Cell& cell) { return cell.sandbox.checkpoints().remove(taken->id).get(); };
  deed.effects = [taken](Cell& cell) {
    const auto all = checkpointsOf(cell);
    return std::ranges::find(all, taken->id, &CheckpointInfo::id) == all.end() ? 1 : 0;
  };
  deed.spares = {Harm::lost};
  underEachTrouble(deed);
}

TEST_CASE("faults: volumes are made, listed and removed, whatever happens to the first attempt",
          "[emulated]") {
  const auto cloud = faultWorld().cloud();
  if (!offers(*cloud, Capability::volumes)) return;
  const auto volumesOf = [](Cell& cell) {
    return cell.cloud.service().volumes(cell.cloud.config().provider);
  };
  const auto exists = [volumesOf](Cell& cell) {
    const auto all = volumesOf(cell).list().get();
    REQUIRE(ok(all));
    return std::ranges::find(*all, cell.name, &VolumeInfo::name) != all->end();
  };
  Deed deed;
  deed.safe = true;
  SECTION("made") {
    deed.act = [=](Cell& cell) { return plain(volumesOf(cell).ensure(cell.name).get()); };
    deed.effects = [=](Cell& cell) {
      const bool made = exists(cell);
      if (made) REQUIRE(ok(volumesOf(cell).remove(cell.name).get()));
      return made ? 1 : 0;
    };
  }
  SECTION("removed") {
    deed.prepare = [=](Cell& cell) { REQUIRE(ok(volumesOf(cell).ensure(cell.name).get())); };
    deed.act = [=](Cell& cell) { return volumesOf(cell).remove(cell.name).get(); };
    deed.effects = [=](Cell& cell) {
      const bool left = exists(cell);
      if (left) REQUIRE(ok(volumesOf(cell).remove(cell.name).get()));
      return left ? 0 : 1;
    };
  }
  underEachTrouble(deed);
}
