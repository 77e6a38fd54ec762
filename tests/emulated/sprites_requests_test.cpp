// What each call costs, counted by the emulator: requests and sockets together, and the sockets among them.
#include "sprites_cloud.hpp"

#include <filesystem>

using namespace mooring;
using test::ok;
using test::SpritesCloud;

namespace {

struct Cost {
  std::uint64_t requests = 0;
  std::uint64_t sockets = 0;
  bool operator==(const Cost&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Cost& cost) {
  return out << cost.requests << " requests and " << cost.sockets << " sockets";
}

/// Counts what calls cost.
class Meter {
 public:
  explicit Meter(SpritesCloud& cloud) : cloud_(cloud) { cloud_.ledger().reset(); }
  /// Since the last count.
  Cost count() {
    Cost cost;
    std::string routes;
    for (const auto& [route, times] : cloud_.ledger().counts()) {
      const bool socket = route.ends_with("GET /v1/sprites/{name}/exec") || route.ends_with("/proxy");
      (socket ? cost.sockets : cost.requests) += times;
      routes += route + " x" + std::to_string(times) + "; ";
    }
    UNSCOPED_INFO(routes);
    cloud_.ledger().reset();
    return cost;
  }

 private:
  SpritesCloud& cloud_;
};

}  // namespace

TEST_CASE("sprites/requests: a warm run is one socket and no request, also from a fresh process",
          "[emulated][sprites][budget]") {
  SpritesCloud cloud(true);
  Meter meter(cloud);
  auto sandbox = cloud.create();
  CHECK(meter.count() == Cost{1, 0});

  REQUIRE(ok(sandbox.run("true", {}).get()));
  CHECK(meter.count() == Cost{0, 1});  // Nothing is prepared in the sprite.

  auto fresh = cloud.open(SpritesCloud::goodToken);
  REQUIRE(ok(fresh.sandbox(sandbox.id()).run("true", {}).get()));
  CHECK(meter.count() == Cost{0, 1});

  Command command;
  command.program = "cat";
  command.input = std::string(1'000'000, 'x');
  REQUIRE(ok(sandbox.run(command).get()));
  CHECK(meter.count() == Cost{0, 1});

  REQUIRE(ok(sandbox.files().write("file", "bytes").get()));
  CHECK(meter.count() == Cost{1, 1});
  const test::TempDir local;
  for (int i = 0; i < 10; ++i)
    test::writeFile(local / "ten" / std::to_string(i), std::string(1000, 'x'));
  std::filesystem::permissions(local / "ten", std::filesystem::perms(0755));
  REQUIRE(ok(sandbox.files().upload(local / "ten", "ten").get()));
  CHECK(meter.count() == Cost{1, 1});
  REQUIRE(ok(sandbox.files().read("file").get()));
  CHECK(meter.count() == Cost{1, 0});
  REQUIRE(ok(sandbox.files().stat("file").get()));
  CHECK(meter.count() == Cost{0, 1});
  REQUIRE(ok(sandbox.files().list(".").get()));
  CHECK(meter.count() == Cost{0, 1});

  REQUIRE(ok(sandbox.connect().get()));
  CHECK(meter.count() == Cost{1, 0});
  REQUIRE(ok(sandbox.previews().url(8080).get()));
  CHECK(meter.count() == Cost{0, 0});

  REQUIRE(ok(sandbox.stop().get()));
  CHECK(meter.count() == Cost{2, 0});
}

TEST_CASE("sprites/requests: a kill is one request more", "[emulated][sprites][budget]") {
  SpritesCloud cloud;
  auto sandbox = cloud.create();
  Meter meter(cloud);
  Command command;
  command.program = "sleep";
  command.args = {"100000"};
  command.timeouts.total = std::chrono::milliseconds(500);
  const auto result = sandbox.run(command).get();
  REQUIRE(ok(result));
  CHECK(result->killConfirmed);
  CHECK(meter.count() == Cost{1, 1});
}

TEST_CASE("sprites/requests: what is kept over a stop is labelled, and waking takes that back",
          "[emulated][sprites][budget]") {
  SpritesCloud cloud;
  auto sandbox = cloud.create();
  Meter meter(cloud);
  REQUIRE(ok(sandbox.stop().get()));
  CHECK(meter.count() == Cost{2, 1});
  REQUIRE(ok(sandbox.resume().get()));
  CHECK(meter.count() == Cost{2, 1});
  REQUIRE(ok(sandbox.destroy().get()));
  CHECK(meter.count() == Cost{1, 0});
}
