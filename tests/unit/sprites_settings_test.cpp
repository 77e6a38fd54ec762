#include "settings.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

using namespace mooring;
using test::failsWith;
using Variables = std::map<std::string, std::string, std::less<>>;

namespace {

Result<sprites::AccountSettings> read(Variables variables) {
  return sprites::readSettings(Settings(std::move(variables)));
}

}  // namespace

TEST_CASE("sprites/settings: the token's names in their order", "[unit][sprites]") {
  auto settings = read(
      {{"SPRITES_TOKEN", "third"}, {"SPRITE_TOKEN", "second"}, {"SPRITES_API_TOKEN", "first"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->token.reveal() == "first");
  settings = read({{"SPRITES_TOKEN", "third"}, {"SPRITE_TOKEN", "second"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->token.reveal() == "second");
  settings = read({{"SPRITES_TOKEN", "third"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->token.reveal() == "third");
  CHECK(failsWith(read({}), Errc::notConfigured, "SPRITES_API_TOKEN"));
  CHECK(failsWith(read({}), Errc::notConfigured, "SANDBOX_PROVIDER"));
}

TEST_CASE("sprites/settings: the address is the cloud's unless told otherwise", "[unit][sprites]") {
  auto settings = read({{"SPRITES_TOKEN", "t"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->apiUrl == "https://api.sprites.dev");
  settings = read({{"SPRITES_TOKEN", "t"}, {"SPRITES_API_URL", "http://b:1/"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->apiUrl == "http://b:1");
  settings = read(
      {{"SPRITES_TOKEN", "t"}, {"SPRITES_API_URL", "http://b"}, {"SPRITES_API_BASE_URL", "http://a"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->apiUrl == "http://a");
  CHECK(failsWith(read({{"SPRITES_TOKEN", "t"}, {"SPRITES_API_URL", "ftp://x"}}),
                  Errc::invalidArgument,
                  "SPRITES_API_URL"));
}

TEST_CASE("sprites/settings: stopping deletes unless told otherwise", "[unit][sprites]") {
  CHECK(read({{"SPRITES_TOKEN", "t"}})->defaults.deleteOnStop);
  CHECK_FALSE(read({{"SPRITES_TOKEN", "t"}, {"SANDBOX_SPRITES_DELETE_ON_STOP", "0"}})->defaults.deleteOnStop);
  CHECK(read({{"SPRITES_TOKEN", "t"}, {"SANDBOX_SPRITES_DELETE_ON_STOP", "true"}})->defaults.deleteOnStop);
  CHECK(failsWith(read({{"SPRITES_TOKEN", "t"}, {"SANDBOX_SPRITES_DELETE_ON_STOP", "maybe"}}),
                  Errc::invalidArgument,
                  "SANDBOX_SPRITES_DELETE_ON_STOP"));
}

TEST_CASE("sprites/settings: are described without their secrets", "[unit][sprites]") {
  const Settings settings(Variables{{"SPRITE_TOKEN", "hidden"}, {"SPRITES_API_URL", "http://a"}});
  CHECK(sprites::describeSettings(settings) == "SPRITE_TOKEN, SPRITES_API_URL");
}
