#include "apis.hpp"
#include "daytona_account.hpp"
#include "volumes.hpp"

using namespace mooring;
using test::daytona::complaint;
using test::daytona::Wire;
using Sent = std::vector<std::string>;

namespace {

const std::string byName = "GET /volumes/by-name/v";
const std::string post = "POST /volumes";

struct Storage : Wire {
  daytona::DaytonaVolumes volumes{account};
  CallOptions call;

  void answer(const std::string& state, const std::string& more = std::string()) {
    wire->reply(200, volumeJson(state, more));
  }
  void refuse(int status, const std::string& message = "no") {
    wire->reply(status, complaint(status, message));
  }
  static std::string volumeJson(const std::string& state, const std::string& more = std::string()) {
    return R"({"id":"vol-1","name":"v","state":")" + state + "\"" + more + "}";
  }
};

}  // namespace

TEST_CASE("daytona/volumes: one that stands ready is one request", "[unit][daytona]") {
  Storage storage;
  storage.answer("ready");
  const auto volume = test::run(storage.volumes.ensure("v", storage.call));
  REQUIRE(test::ok(volume));
  CHECK(volume->state == "ready");
  CHECK(storage.sent() == Sent{byName});
}

TEST_CASE("daytona/volumes: a new one is made and waited for", "[unit][daytona]") {
  Storage storage;
  storage.refuse(404);
  SECTION("plainly") {
    storage.answer("pending_create");
    storage.answer("creating");
    storage.answer("ready");
    REQUIRE(test::ok(test::run(storage.volumes.ensure("v", storage.call))));
    CHECK(storage.sent() == Sent{byName, post, byName, byName});
  }
  SECTION("although somebody else was faster, or the reply was lost") {
    const auto how = GENERATE(0, 1, 2);
    if (how == 0) storage.refuse(400, "Volume with name v already exists");
    if (how == 1) storage.refuse(500, "An unexpected error occurred.");
    if (how == 2) storage.loseReply();
    storage.answer("ready");
    REQUIRE(test::ok(test::run(storage.volumes.ensure("v", storage.call))));
    CHECK(storage.sent() == Sent{byName, post, byName});
  }
  SECTION("but the account's limit is reached") {
    storage.refuse(400, "Volume quota exceeded. Maximum allowed: 100");
    CHECK(test::failsWith(test::run(storage.volumes.ensure("v", storage.call)), Errc::quotaExceeded));
  }
  SECTION("but there is no storage") {
    storage.refuse(503, "Object storage is not configured");
    CHECK(test::failsWith(test::run(storage.volumes.ensure("v", storage.call)), Errc::unavailable));
  }
}

TEST_CASE("daytona/volumes: one that does not become ready is named, with how it stands", "[unit][daytona]") {
  Storage storage;
  SECTION("in time") {
    for (int i = 0; i < 100; ++i)
      storage.answer("creating");
    SandboxConfig config;
    config.volumes = {{.name = "v", .mountPath = "/data"}};
    daytona::Options options;
    options.volumeTimeout = std::chrono::seconds(5);
    setOptions(config, options);
    ProvisionRequest request;
    request.provisionKey = "key-1";
    request.ownerTag = "owner";
    request.config = config;
    daytona::Lifecycle lifecycle(storage.account);
    const auto made = test::run(lifecycle.provision(request, storage.call));
    CHECK(test::failsWith(made, Errc::unavailable, "volume v was not ready within 5000 ms"));
    CHECK(test::failsWith(made, Errc::unavailable, "creating"));
    for (const auto& sent : storage.sent())
      CHECK(sent == byName);
  }
  SECTION("ever") {
    storage.answer("error", R"(,"errorReason":"bucket lost")");
    CHECK(test::failsWith(
        test::run(storage.volumes.ensure("v", storage.call)), Errc::unavailable, "bucket lost"));
  }
}

TEST_CASE("daytona/volumes: one that is being deleted frees its name first", "[unit][daytona]") {
  Storage storage;
  storage.answer("pending_delete");
  storage.answer("deleting");
  storage.refuse(404);
  storage.answer("pending_create");
  storage.answer("ready");
  REQUIRE(test::ok(test::run(storage.volumes.ensure("v", storage.call))));
  CHECK(storage.sent() == Sent{byName, byName, byName, post, byName});
}

TEST_CASE("daytona/volumes: an id is looked up as one and never created", "[unit][daytona]") {
  Storage storage;
  const std::string id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  storage.refuse(404);
  const auto volume = test::run(
      daytona::readyVolume(storage.account, id, std::chrono::seconds(1), storage.call));
  CHECK(test::failsWith(volume, Errc::notFound, id));
  CHECK(storage.sent() == Sent{"GET /volumes/" + id});
}

TEST_CASE("daytona/volumes: are removed by name; one in use is a conflict", "[unit][daytona]") {
  Storage storage;
  SECTION("there") {
    storage.answer("ready");
    storage.wire->reply(200);
    REQUIRE(test::ok(test::run(storage.volumes.remove("v", storage.call))));
    CHECK(storage.sent() == Sent{byName, "DELETE /volumes/vol-1"});
  }
  SECTION("in use") {
    storage.answer("ready");
    storage.refuse(409, "Volume cannot be deleted because it is in use by one or more sandboxes");
    CHECK(test::failsWith(test::run(storage.volumes.remove("v", storage.call)), Errc::conflict, "in use"));
  }
  SECTION("not there, or on its way out") {
    if (GENERATE(true, false)) {
      storage.refuse(404);
    } else {
      storage.answer("pending_delete");
    }
    CHECK(test::failsWith(test::run(storage.volumes.remove("v", storage.call)), Errc::notFound));
  }
  SECTION("a name that is none") {
    CHECK(test::failsWith(test::run(storage.volumes.remove("../v", storage.call)), Errc::invalidArgument));
    CHECK(storage.wire->count() == 0);
  }
}

TEST_CASE("daytona/volumes: a listing leaves out what is on its way out", "[unit][daytona]") {
  Storage storage;
  storage.wire->reply(200, "[" + Storage::volumeJson("ready") + "," + Storage::volumeJson("deleting") + "]");
  const auto all = test::run(storage.volumes.list(storage.call));
  REQUIRE(test::ok(all));
  REQUIRE(all->size() == 1);
  CHECK(all->front().state == "ready");
}
