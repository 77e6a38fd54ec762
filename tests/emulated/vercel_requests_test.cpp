// What each call costs, counted by the emulator.
#include "vercel_cloud.hpp"

#include <filesystem>

using namespace mooring;
using test::Meter;
using test::ok;
using test::VercelCloud;

TEST_CASE("requests: a warm call is one, also from a fresh process", "[emulated][vercel][budget]") {
  VercelCloud cloud;
  Meter meter(cloud);
  auto config = cloud.config();
  config.ports = {8080};
  auto sandbox = cloud.create(config);
  CHECK(meter.count() == 1);

  REQUIRE(ok(sandbox.run("true", {}).get()));
  CHECK(meter.count() == 1);  // Nothing is prepared in the sandbox.

  auto fresh = cloud.open(VercelCloud::goodToken);
  REQUIRE(ok(fresh.sandbox(sandbox.id()).run("true", {}).get()));
  CHECK(meter.count() == 1);

  Command command;
  command.program = "cat";
  command.input = std::string(1000, 'x');
  REQUIRE(ok(sandbox.run(command).get()));
  CHECK(meter.count() == 1);
  command.input = std::string(1'000'000, 'x');
  REQUIRE(ok(sandbox.run(command).get()));
  CHECK(meter.count() == 2);

  REQUIRE(ok(sandbox.files().write("file", "bytes").get()));
  CHECK(meter.count() == 2);
  const test::TempDir local;
  for (int i = 0; i < 10; ++i)
    test::writeFile(local / "ten" / std::to_string(i), std::string(1000, 'x'));
  std::filesystem::permissions(local / "ten", std::filesystem::perms(0755));
  REQUIRE(ok(sandbox.files().upload(local / "ten", "ten").get()));
  CHECK(meter.count() == 2);
  REQUIRE(ok(sandbox.files().read("file").get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.files().stat("file").get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.files().list(".").get()));
  CHECK(meter.count() == 1);

  REQUIRE(ok(sandbox.connect().get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.previews().url(8080).get()));
  CHECK(meter.count() == 0);
  REQUIRE(ok(sandbox.extend(std::chrono::minutes(20)).get()));
  CHECK(meter.count() == 2);

  REQUIRE(ok(sandbox.stop().get()));
  CHECK(meter.count() == 2);
  REQUIRE(ok(sandbox.resume().get()));
  CHECK(meter.count() == 1);
  REQUIRE(ok(sandbox.destroy().get()));
  CHECK(meter.count() == 1);
}

TEST_CASE("requests: a kill is one more", "[emulated][vercel][budget]") {
  VercelCloud cloud;
  auto sandbox = cloud.create();
  Meter meter(cloud);
  Command command;
  command.program = "sleep";
  command.args = {"100000"};
  command.timeouts.total = std::chrono::milliseconds(500);
  const auto result = sandbox.run(command).get();
  REQUIRE(ok(result));
  CHECK(result->killConfirmed);
  CHECK(meter.count() == 2);
}
