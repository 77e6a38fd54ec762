#include "limits.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;

using namespace mooring::local;

TEST_CASE("local/limits: version 1 controllers are found below this process's own groups", "[unit][local]") {
  const auto places = findCgroups(
      "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
      "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n"
      "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n"
      "cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0\n"
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n",
      "8:pids:/\n4:memory:/a/b\n1:cpu:/\n0::/\n");
  CHECK(places.v1.at("memory") == "/sys/fs/cgroup/memory/a/b");
  CHECK(places.v1.at("pids") == "/sys/fs/cgroup/pids");
  CHECK(places.v1.at("cpu") == "/sys/fs/cgroup/cpu");
  REQUIRE(places.v2.size() == 1);
  CHECK(places.v2[0] == "/sys/fs/cgroup/unified");
}

TEST_CASE("local/limits: version 2 is tried in this process's own group, then beside it", "[unit][local]") {
  const auto places = findCgroups("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
                                  "0::/user.slice/app.scope\n");
  CHECK(places.v1.empty());
  REQUIRE(places.v2.size() == 2);
  CHECK(places.v2[0] == "/sys/fs/cgroup/user.slice/app.scope");
  CHECK(places.v2[1] == "/sys/fs/cgroup/user.slice");
}

TEST_CASE("local/limits: a group outside of what is mounted here counts as the root", "[unit][local]") {
  const auto places = findCgroups("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "0::/../../elsewhere\n");
  REQUIRE(places.v2.size() == 1);
  CHECK(places.v2[0] == "/sys/fs/cgroup");
}

TEST_CASE("local/limits: the groups of every start are found by name, and nobody else's", "[unit][local]") {
  const mooring::test::TempDir kernel;
  const auto make = [&kernel](const fs::path& group) {
    fs::create_directories(kernel / group);
    return kernel / group;
  };
  const auto prefix = groupPrefix("/root", "key-1");
  std::vector<fs::path> own{make("pids/" + prefix + "0123abcd"),
                            make("pids/" + prefix + "ffffffff"),
                            make("unified/" + prefix + "0123abcd")};
  make("pids/" + groupPrefix("/root", "key-1-b") + "0123abcd");
  make("pids/" + groupPrefix("/root", "key-1-0123abcd") + "ffffffff");
  make("pids/" + groupPrefix("/root", "key-10") + "0123abcd");
  make("pids/" + groupPrefix("/other", "key-1") + "11111111");
  make("pids/somebody-elses");
  CgroupPlaces places;
  places.v1 = {{"pids", kernel / "pids"}, {"memory", kernel / "not-there"}};
  places.v2 = {kernel / "unified"};
  auto found = findGroups(places, prefix);
  std::ranges::sort(found);
  std::ranges::sort(own);
  CHECK(found == own);
}

TEST_CASE("local/limits: without control groups rlimit and affinity take over, and it says so",
          "[unit][local]") {
  const LimitWishes wishes{.memoryBytes = 1 << 20, .processes = 9, .vcpus = 1};
  const Limits limits = applyLimits(CgroupPlaces(), "x", wishes, true);
  CHECK(boost::json::serialize(toJson(limits)) ==
        R"({"memory":"rlimit","processes":"rlimit","cpu":"affinity"})");
  CHECK(applyLimits(CgroupPlaces(), "x", wishes, false).processes == LimitBy::none);
  CHECK(applyLimits(CgroupPlaces(), "x", LimitWishes(), true).memory == LimitBy::none);
  CHECK(limits.directories.empty());
}

TEST_CASE("local/limits: what was done is read back, so that its groups are removed", "[unit][local]") {
  Limits limits;
  limits.memory = LimitBy::cgroup2;
  limits.directories = {"/sys/fs/cgroup/a", "/sys/fs/cgroup/b"};
  const auto read = parseLimits(toText(limits));
  REQUIRE(read);
  CHECK(read->memory == LimitBy::cgroup2);
  CHECK(read->directories == limits.directories);
  CHECK_FALSE(parseLimits("{}"));
  CHECK_FALSE(parseLimits("nonsense"));
}
