#include <mooring/http/websocket.hpp>

#include "emulator_daytona_cloud.hpp"

namespace mooring::test {

namespace {

/// A client of the event socket, a word at a time.
class Ear {
 public:
  explicit Ear(const Cloud& cloud) : url_(cloud.host->url() + "/api/socket.io/?EIO=4&transport=websocket") {
    auto opened = run(open(sockets_, url_));
    REQUIRE(ok(opened));
    REQUIRE(opened->socket);
    socket_ = opened->socket;
  }

  std::string hear() {
    auto heard = run(socket_->read());
    REQUIRE(ok(heard));
    return heard->value_or(http::Message()).data;
  }
  void say(const std::string& word) { REQUIRE(ok(run(socket_->write(http::Message{word, true})))); }

 private:
  static Task<http::Upgrade> open(std::shared_ptr<http::WebSockets> sockets, std::string url) {
    http::WebSocketRequest request;
    request.url = std::move(url);
    co_return co_await sockets->open(std::move(request));
  }

  std::string url_;
  std::shared_ptr<http::WebSockets> sockets_ = http::makeWebSockets();
  std::shared_ptr<http::WebSocket> socket_;
};

}  // namespace

TEST_CASE("daytona emulator: changes are pushed to who has shown a key", "[unit][emulation][daytona]") {
  Cloud cloud;
  Ear ear(cloud);
  CHECK(ear.hear().starts_with("0{\"sid\":"));
  ear.say(R"(40{"token":"dtn_test"})");
  CHECK(ear.hear().starts_with("40{\"sid\":"));
  const auto id = cloud.post("/api/sandbox", R"({"name": "box"})").text("id");
  auto event = ear.hear();
  CHECK(event.starts_with("42[\"sandbox.state.updated\","));
  CHECK(event.find(id) != std::string::npos);
  CHECK(event.find("\"oldState\":\"creating\",\"newState\":\"started\"") != std::string::npos);
  cloud.post("/api/sandbox/box/stop");
  CHECK(ear.hear().find("\"newState\":\"stopped\"") != std::string::npos);
}

TEST_CASE("daytona emulator: nobody else hears of them", "[unit][emulation][daytona]") {
  Cloud cloud;
  Ear ear(cloud);
  ear.hear();
  ear.say(R"(40{"token":"wrong"})");
  CHECK(ear.hear() == R"(44{"message":"Unauthorized"})");
  CHECK(ear.hear().empty());
}

}  // namespace mooring::test
