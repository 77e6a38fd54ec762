// What each call costs, counted by the emulator.
#include "daytona_cloud.hpp"

#include <filesystem>

using namespace mooring;
using test::DaytonaCloud;
using test::Meter;
using test::ok;

TEST_CASE("requests: a warm call is one, also from a fresh process", "[emulated][daytona][budget]") {
  DaytonaCloud cloud;
  Meter meter(cloud);
  auto sandbox = cloud.create();
  CHECK(meter.count() <= 2);  // And a look, where the reply still says "creating".

  REQUIRE(ok(sandbox.run("true", {}).get()));
  CHECK(meter.count() == 1);  // Nothing is prepared in the sandbox.
  REQUIRE(ok(sandbox.run("true", {}).get()));
  CHECK(meter.count() == 1);

  auto fresh = cloud.open(DaytonaCloud::goodKey);
  REQUIRE(ok(fresh.sandbox(sandbox.id()).run("true", {}).get()));
  CHECK(meter.count() == 1);

  REQUIRE(ok(sandbox.files().write("file", "bytes").get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.files().write("large", std::string(1'000'000, 'x')).get()));
  CHECK(meter.count() == 2);
  const test::TempDir local;
  for (int i = 0; i < 10; ++i)
    test::writeFile(local / "ten" / std::to_string(i), std::string(1000, 'x'));
  std::filesystem::permissions(local / "ten", std::filesystem::perms(0755));
  REQUIRE(ok(sandbox.files().upload(local / "ten", "ten").get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.files().read("file").get()));
  CHECK(meter.count() == 1);

  const auto connected = sandbox.connect().get();
  REQUIRE(ok(connected));
  CHECK(meter.count() == 1);

  REQUIRE(ok(sandbox.previews().url(8080).get()));
  CHECK(meter.count() == 1);

  const auto stopped = sandbox.stop().get();
  REQUIRE(ok(stopped));
  UNSCOPED_INFO("stop");
  CHECK(meter.count() <= 2);

  REQUIRE(ok(sandbox.destroy().get()));
  CHECK(meter.count() == 1);
}
