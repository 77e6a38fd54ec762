#include "daytona_account.hpp"
#include "settings.hpp"

using namespace mooring;
using daytona::readSettings;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Result<daytona::AccountSettings> settingsFrom(Variables variables) {
  return readSettings(Settings(std::move(variables)));
}

}  // namespace

TEST_CASE("daytona/settings: what is missing is named with the variable to set", "[unit][daytona]") {
  CHECK(test::failsWith(settingsFrom({}), Errc::notConfigured, "DAYTONA_API_KEY"));
  CHECK(test::failsWith(settingsFrom({}), Errc::notConfigured, "DAYTONA_JWT_TOKEN"));
  CHECK(test::failsWith(settingsFrom({}), Errc::notConfigured, "DAYTONA_ORGANIZATION_ID"));
  CHECK(test::failsWith(
      settingsFrom({{"DAYTONA_JWT_TOKEN", "j"}}), Errc::notConfigured, "DAYTONA_ORGANIZATION_ID"));
  CHECK(test::failsWith(
      settingsFrom({{"DAYTONA_ORGANIZATION_ID", "o"}}), Errc::notConfigured, "DAYTONA_JWT_TOKEN"));
  const auto wrong = settingsFrom({{"DAYTONA_API_KEY", "k"}, {"DAYTONA_SERVER_URL", "app.daytona.io"}});
  CHECK(test::failsWith(wrong, Errc::invalidArgument, "DAYTONA_SERVER_URL"));
}

TEST_CASE("daytona/settings: a key wins over a token, the address over its alias", "[unit][daytona]") {
  auto settings = settingsFrom({{"DAYTONA_API_KEY", "k"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->apiUrl == "https://app.daytona.io/api");
  CHECK(settings->credential.token.reveal() == "k");
  CHECK(settings->credential.organization.empty());

  settings = settingsFrom({{"DAYTONA_API_KEY", "k"},
                           {"DAYTONA_JWT_TOKEN", "j"},
                           {"DAYTONA_ORGANIZATION_ID", "o"},
                           {"DAYTONA_SERVER_URL", "http://alias/api"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->credential.token.reveal() == "k");
  CHECK(settings->credential.organization.empty());
  CHECK(settings->apiUrl == "http://alias/api");

  settings = settingsFrom({{"DAYTONA_JWT_TOKEN", "j"},
                           {"DAYTONA_ORGANIZATION_ID", "o"},
                           {"DAYTONA_SERVER_URL", "http://alias/api"},
                           {"DAYTONA_API_URL", "http://named/api/"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->credential.token.reveal() == "j");
  CHECK(settings->credential.organization == "o");
  CHECK(settings->apiUrl == "http://named/api");
}

TEST_CASE("daytona/settings: sandboxes are ephemeral unless that is switched off", "[unit][daytona]") {
  struct Row {
    const char* value;
    bool ephemeral;
  };
  const auto row = GENERATE(values<Row>({{"", true},
                                         {"1", true},
                                         {"true", true},
                                         {"yes", true},
                                         {"0", false},
                                         {"false", false},
                                         {"False", false}}));
  CAPTURE(row.value);
  Variables variables{{"DAYTONA_API_KEY", "k"}, {"SANDBOX_DAYTONA_EPHEMERAL", row.value}};
  const auto settings = settingsFrom(std::move(variables));
  REQUIRE(test::ok(settings));
  CHECK(settings->defaults.ephemeral == row.ephemeral);
  CHECK_FALSE(settings->defaults.deleteOnStop);
  CHECK_FALSE(settings->defaults.logVolumes);
  CHECK_FALSE(settings->defaults.declarativeImage);
}

TEST_CASE("daytona/settings: a declarative image and the rest of the defaults", "[unit][daytona]") {
  const auto settings = settingsFrom({{"DAYTONA_API_KEY", "k"},
                                      {"DAYTONA_TARGET", "eu"},
                                      {"SANDBOX_DAYTONA_DELETE_ON_STOP", "1"},
                                      {"SANDBOX_DAYTONA_LOG_VOLUMES", "on"},
                                      {"SANDBOX_DAYTONA_DECLARATIVE_IMAGE", "1"},
                                      {"SANDBOX_DAYTONA_DECLARATIVE_PYTHON", "3.11"},
                                      {"SANDBOX_DAYTONA_DECLARATIVE_PIP", "numpy==2.1, requests"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->defaults.target == "eu");
  CHECK(settings->defaults.deleteOnStop);
  CHECK(settings->defaults.logVolumes);
  REQUIRE(settings->defaults.declarativeImage);
  CHECK(settings->defaults.declarativeImage->python == "3.11");
  CHECK(settings->defaults.declarativeImage->pip == std::vector<std::string>{"numpy==2.1", "requests"});
}

TEST_CASE("daytona/account: who is asked, by whom, and with what", "[unit][daytona]") {
  SECTION("a key needs no organization") {
    test::daytona::Wire wire;
    CHECK_FALSE(wire.account->headers.contains("X-Daytona-Organization-ID"));
  }
  SECTION("a token does") {
    std::map<std::string, std::string, std::less<>> variables{{"DAYTONA_JWT_TOKEN", "j"},
                                                              {"DAYTONA_ORGANIZATION_ID", "org-1"}};
    auto context = test::contextOn(test::engine(), Settings(std::move(variables)));
    auto account = daytona::makeAccount(context);
    REQUIRE(test::ok(account));
    CHECK((*account)->headers.get("X-Daytona-Organization-ID") == "org-1");
  }
  SECTION("a toolbox without encryption is not shown what an encrypted control plane may see") {
    test::daytona::Wire wire;
    CHECK(
        test::failsWith(daytona::trustToolbox(*wire.account, "http://proxy.test/toolbox"), Errc::corrupted));
    CHECK(test::failsWith(daytona::trustToolbox(*wire.account, "no address"), Errc::corrupted));
    CHECK(test::ok(daytona::trustToolbox(*wire.account, "https://proxy.test/toolbox")));
  }
}
