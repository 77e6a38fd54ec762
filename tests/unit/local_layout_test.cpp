#include "detail/remove_tree.hpp"
#include "layout.hpp"
#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace mooring;
using namespace mooring::local;
namespace fs = std::filesystem;

namespace {

Settings settings(std::map<std::string, std::string, std::less<>> variables) {
  return Settings(std::move(variables));
}

}  // namespace

TEST_CASE("local/layout: the directory is the nearest one that is set", "[unit][local]") {
  CHECK(
      Layout::choose(settings({{"MOORING_LOCAL_DIR", "/a"}, {"XDG_STATE_HOME", "/b"}, {"HOME", "/c"}}), false)
          ->root() == "/a");
  CHECK(Layout::choose(settings({{"XDG_STATE_HOME", "/b"}, {"HOME", "/c"}}), false)->root() ==
        "/b/mooring/local");
  CHECK(Layout::choose(settings({{"HOME", "/c"}}), true)->root() == "/c/.local/state/mooring/local");
  CHECK(Layout::choose(settings({}), true)->root() == "/var/lib/mooring/local");
}

TEST_CASE("local/layout: without a place, or with a relative one, it says what to set", "[unit][local]") {
  const auto none = Layout::choose(settings({}), false);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::notConfigured);
  const auto relative = Layout::choose(settings({{"MOORING_LOCAL_DIR", "state"}}), false);
  REQUIRE_FALSE(relative);
  CHECK(relative.error().code == Errc::invalidArgument);
}

TEST_CASE("local/layout: names that could lead elsewhere are no plain names", "[unit][local]") {
  for (const std::string name : {"a", "mooring-1f-g1", "a.b_C-9"}) {
    INFO(name);
    CHECK(isPlainName(name));
  }
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string(".new-a"),
                                  std::string("a/b"),
                                  std::string("a b"),
                                  std::string("a\0b", 3),
                                  std::string(200, 'a')}) {
    INFO(name);
    CHECK_FALSE(isPlainName(name));
  }
}

TEST_CASE("local/layout: a tree is removed whole, but nothing that its symlinks point to", "[unit][local]") {
  std::string base = (fs::temp_directory_path() / "mooring-tree-XXXXXX").string();
  REQUIRE(::mkdtemp(base.data()) != nullptr);
  fs::create_directories(fs::path(base) / "tree/a/b");
  fs::create_directories(fs::path(base) / "kept");
  std::ofstream(fs::path(base) / "kept/file") << "x";
  std::ofstream(fs::path(base) / "tree/a/b/file") << "x";
  fs::create_directory_symlink(fs::path(base) / "kept", fs::path(base) / "tree/link");
  ::chmod((fs::path(base) / "tree/a/b").c_str(), 0);

  CHECK(removeTreeAt(AT_FDCWD, base + "/tree") == 0);
  CHECK_FALSE(fs::exists(fs::path(base) / "tree"));
  CHECK(fs::exists(fs::path(base) / "kept/file"));
  CHECK(removeTreeAt(AT_FDCWD, base + "/tree") == ENOENT);
  CHECK(removeTreeAt(AT_FDCWD, base) == 0);
}
