// Files, under each trouble.
#include "fault_matrix.hpp"
#include "support/temp_dir.hpp"

#include <algorithm>

using namespace mooring;
using namespace mooring::test;

namespace {

const std::string before = "as it was";
const std::string after(100'000, 'x');

template <class T>
Result<void> plain(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

/// What is lost is not there: that is an answer as well.
template <class T>
Result<void> plainOrLost(const Cell& cell, const Result<T>& result) {
  if (cell.lost() && !result && result.error().code == Errc::notFound) return {};
  return plain(result);
}

void writeBefore(Cell& cell) { REQUIRE(ok(cell.sandbox.files().write(cell.name, before).get())); }

}  // namespace

TEST_CASE("faults: a file is written whole, or not, or it is said", "[emulated]") {
  Deed deed;
  deed.prepare = writeBefore;
  deed.act = [](Cell& cell) { return cell.sandbox.files().write(cell.name, after).get(); };
  deed.effects = [](Cell& cell) {
    const auto now = cell.content(cell.name);
    if (now == after) return 1;
    return now == before || (!now && cell.lost()) ? 0 : neitherNor;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a tree arrives whole, or it is said", "[emulated]") {
  const TempDir local;
  for (int i = 0; i < 12; ++i)
    writeFile(local / "tree" / std::to_string(i % 3) / std::to_string(i), std::string(1000, 'x'));
  Deed deed;
  deed.act = [&local](Cell& cell) {
    return plain(cell.sandbox.files().upload(local / "tree", cell.name).get());
  };
  deed.effects = [](Cell& cell) {
    const auto count = cell.sh("find " + cell.name + " -type f -size 1000c 2>/dev/null | wc -l");
    return count == "12\n" ? 1 : 0;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a file is read whole, or it is said", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.prepare = [](Cell& cell) { REQUIRE(ok(cell.sandbox.files().write(cell.name, after).get())); };
  deed.act = [](Cell& cell) {
    const auto read = cell.sandbox.files().read(cell.name).get();
    if (read) CHECK(*read == after);
    return plainOrLost(cell, read);
  };
  deed.effects = [](Cell&) { return 1; };
  deed.skips = {"wrong JSON"};  // A download is no JSON: nothing tells other bytes from the file's.
  deed.unsure = {"body cut"};   // Given bytes cannot be taken back.
  underEachTrouble(deed);
}

TEST_CASE("faults: looking at files is done again", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.prepare = [](Cell& cell) {
    REQUIRE(ok(cell.sandbox.files().write(cell.name + "/file", before).get()));
  };
  deed.effects = [](Cell&) { return 1; };
  SECTION("list") {
    deed.act = [](Cell& cell) {
      const auto all = cell.sandbox.files().list(cell.name).get();
      if (all) CHECK(all->size() == 1);
      return plainOrLost(cell, all);
    };
    underEachTrouble(deed);
  }
  SECTION("stat") {
    deed.act = [](Cell& cell) {
      const auto info = cell.sandbox.files().stat(cell.name + "/file").get();
      if (info) CHECK(info->size == before.size());
      return plainOrLost(cell, info);
    };
    underEachTrouble(deed);
  }
}

TEST_CASE("faults: a directory is made, whatever happens to the first attempt", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.act = [](Cell& cell) { return cell.sandbox.files().makeDirectory(cell.name + "/in/it").get(); };
  deed.effects = [](Cell& cell) {
    return cell.sh("if [ -d " + cell.name + "/in/it ]; then echo yes; fi") == "yes\n" ? 1 : 0;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a mode is set, whatever happens to the first attempt", "[emulated]") {
  Deed deed;
  deed.safe = true;
  deed.prepare = writeBefore;
  deed.act = [](Cell& cell) {
    return plainOrLost(cell, cell.sandbox.files().setMode(cell.name, 0600).get());
  };
  deed.effects = [](Cell& cell) {
    return cell.lost() || cell.sh("stat -c %a " + cell.name) == "600\n" ? 1 : 0;
  };
  underEachTrouble(deed);
}

TEST_CASE("faults: a file is removed, or not, or it is said", "[emulated]") {
  Deed deed;
  deed.prepare = writeBefore;
  deed.act = [](Cell& cell) { return plainOrLost(cell, cell.sandbox.files().remove(cell.name).get()); };
  deed.effects = [](Cell& cell) { return cell.content(cell.name) ? 0 : 1; };
  underEachTrouble(deed);
}

TEST_CASE("faults: a file is moved, or not, or it is said", "[emulated]") {
  Deed deed;
  deed.prepare = writeBefore;
  deed.act = [](Cell& cell) {
    return plainOrLost(cell, cell.sandbox.files().move(cell.name, cell.name + "-moved").get());
  };
  deed.effects = [](Cell& cell) {
    const bool old = cell.content(cell.name) == before;
    const bool moved = cell.content(cell.name + "-moved") == before;
    if (cell.lost() && !old && !moved) return 1;
    return old == moved ? neitherNor : moved ? 1 : 0;
  };
  underEachTrouble(deed);
}
