#include <mooring/detail/base64.hpp>

#include "settings.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

using namespace mooring;
using test::failsWith;
using Variables = std::map<std::string, std::string, std::less<>>;

namespace {

Result<vercel::AccountSettings> read(Variables variables) {
  return vercel::readSettings(Settings(std::move(variables)));
}

std::string jwt(const std::string& claims) {
  auto payload = detail::encodeBase64(claims);
  while (payload.ends_with('='))
    payload.pop_back();
  return "e30." + payload + ".c2ln";
}

}  // namespace

TEST_CASE("vercel/settings: our own variables come first, then the vendor's", "[unit][vercel]") {
  auto settings = read({{"VERCEL_TOKEN", "theirs"},
                        {"SANDBOX_VERCEL_TOKEN", "ours"},
                        {"VERCEL_TEAM_ID", "team_theirs"},
                        {"SANDBOX_VERCEL_TEAM_ID", "team_ours"},
                        {"VERCEL_PROJECT_ID", "prj_theirs"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->credential.token.reveal() == "ours");
  CHECK(settings->credential.teamId == "team_ours");
  CHECK(settings->credential.projectId == "prj_theirs");
  CHECK(settings->apiUrl == "https://vercel.com/api");
  CHECK_FALSE(settings->defaults.persistent);
}

TEST_CASE("vercel/settings: a partial credential is one error that names what is missing", "[unit][vercel]") {
  const auto team = read({{"SANDBOX_VERCEL_TOKEN", "t"}, {"SANDBOX_VERCEL_PROJECT_ID", "p"}});
  CHECK(failsWith(team, Errc::notConfigured, "set SANDBOX_VERCEL_TEAM_ID too"));
  const auto both = read({{"VERCEL_TOKEN", "t"}});
  CHECK(failsWith(both, Errc::notConfigured, "SANDBOX_VERCEL_TEAM_ID, SANDBOX_VERCEL_PROJECT_ID"));
  const auto token = read({{"VERCEL_TEAM_ID", "t"}, {"VERCEL_PROJECT_ID", "p"}});
  CHECK(failsWith(token, Errc::notConfigured, "SANDBOX_VERCEL_TOKEN"));
  CHECK(failsWith(read({}), Errc::notConfigured, "VERCEL_OIDC_TOKEN"));
}

TEST_CASE("vercel/settings: an OIDC token brings its team and project along", "[unit][vercel]") {
  const auto oidc = jwt(R"({"owner_id":"team_claim","project_id":"prj_claim","exp":1769860800})");
  auto settings = read({{"VERCEL_OIDC_TOKEN", oidc}});
  REQUIRE(test::ok(settings));
  CHECK(settings->credential.teamId == "team_claim");
  CHECK(settings->credential.projectId == "prj_claim");

  settings = read({{"VERCEL_OIDC_TOKEN", oidc}, {"VERCEL_PROJECT_ID", "prj_said"}});
  REQUIRE(test::ok(settings));
  CHECK(settings->credential.projectId == "prj_said");

  const auto claims = vercel::claimsOf(Secret(oidc));
  REQUIRE(claims);
  REQUIRE(claims->expiresAt);
  CHECK(toString(*claims->expiresAt) == "2026-01-31T12:00:00.000Z");
}

TEST_CASE("vercel/settings: what is no JWT has no claims", "[unit][vercel]") {
  const auto text = GENERATE(
      as<std::string>{}, "", "opaque", "a.b", "a.b.c.d", "e30.!!.x", "e30.bm8.x", "e30.W10.x");
  CHECK_FALSE(vercel::claimsOf(Secret(text)));
}

TEST_CASE("vercel/settings: an address that is none is refused by its variable", "[unit][vercel]") {
  const Variables complete{{"VERCEL_TOKEN", "t"}, {"VERCEL_TEAM_ID", "t"}, {"VERCEL_PROJECT_ID", "p"}};
  auto variables = complete;
  variables["SANDBOX_VERCEL_API_URL"] = GENERATE(as<std::string>{}, "vercel.com", "ftp://x", "https://x?y=z");
  CHECK(failsWith(read(variables), Errc::invalidArgument, "SANDBOX_VERCEL_API_URL"));

  variables["SANDBOX_VERCEL_API_URL"] = "http://127.0.0.1:8080/api/";
  const auto settings = read(variables);
  REQUIRE(test::ok(settings));
  CHECK(settings->apiUrl == "http://127.0.0.1:8080/api");
}

TEST_CASE("vercel/settings: a switch is on or off, and nothing else", "[unit][vercel]") {
  Variables variables{{"VERCEL_TOKEN", "t"}, {"VERCEL_TEAM_ID", "t"}, {"VERCEL_PROJECT_ID", "p"}};
  variables["SANDBOX_VERCEL_PERSISTENT"] = "Yes";
  auto settings = read(variables);
  REQUIRE(test::ok(settings));
  CHECK(settings->defaults.persistent);
  variables["SANDBOX_VERCEL_PERSISTENT"] = "perhaps";
  CHECK(failsWith(read(variables), Errc::invalidArgument, "SANDBOX_VERCEL_PERSISTENT"));
}

TEST_CASE("vercel/settings: what is set is told by name, never by value", "[unit][vercel]") {
  const auto told = vercel::describeSettings(Settings(Variables{{"VERCEL_TOKEN", "very-secret"}}));
  CHECK(told == "VERCEL_TOKEN");
}
