#include "support/temp_dir.hpp"
#include "trial.hpp"

#include <boost/json/serialize.hpp>

#include <string>
#include <vector>

namespace mooring::conformance {
namespace {

TEST_CASE("create: a name in both env and secretEnv is refused", "[conformance][secrets]") {
  Trial trial;
  trial.fixture().setSecret("TWICE", "secret");
  auto config = trial.config();
  config.env = {{"TWICE", "config"}};
  config.secretEnv = {"TWICE"};
  CHECK(failsWith(trial.service().create(config).get(), Errc::invalidArgument, "TWICE"));
}

TEST_CASE("secretEnv: reaches commands and is written down nowhere", "[conformance][secrets]") {
  Trial trial;
  const auto value = uniqueName("Very-Secret");
  trial.fixture().setSecret("CONFORMANCE_TOKEN", value);
  auto config = trial.config();
  config.secretEnv = {"CONFORMANCE_TOKEN"};
  config.setup.emplace_back(SetupCommand{.program = "sh", .args = {"-c", R"(test -n "$CONFORMANCE_TOKEN")"}});
  auto sandbox = trial.create(config);
  CHECK(trial.sh(sandbox, R"(printf %s "$CONFORMANCE_TOKEN")") == value);

  // Not on any command line that the sandbox can see, either.
  const auto seen = trial.sh(sandbox, R"(sleep 0; cat /proc/[0-9]*/cmdline 2>/dev/null || true)");
  CHECK(seen.find(value) == std::string::npos);

  if (trial.offers(Capability::startedCommands)) {
    Command echo;
    echo.program = "printf";
    echo.args = {"%s", value};
    auto started = sandbox.start(echo).get();
    REQUIRE(ok(started));
    const auto ended = started->wait().get();
    REQUIRE(ok(ended));
    CHECK(ended->args == std::vector<std::string>{"%s", "***"});
    const auto output = started->output(Stream::out).get();
    REQUIRE(ok(output));
    CHECK(output->bytes == value);
  }

  config.setup.emplace_back(
      SetupCommand{.program = "sh", .args = {"-c", R"(echo "$CONFORMANCE_TOKEN" >&2; exit 1)"}});
  const auto failed = trial.service().create(config).get();
  REQUIRE(failsWith(failed, Errc::setupFailed));
  CHECK(describe(failed.error()).find(value) == std::string::npos);

  const auto page = trial.service().list().get();
  REQUIRE(ok(page));
  for (const auto& record : page->records) {
    CHECK(boost::json::serialize(toJson(record)).find(value) == std::string::npos);
    for (const auto& event : trial.events(trial.service().sandbox(record.sandboxId))) {
      CHECK(event.detail.find(value) == std::string::npos);
    }
  }
  CHECK(test::filesContaining(trial.fixture().databaseDirectory(), value).empty());
}

TEST_CASE("secretEnv: a name without a value is refused before anything is spent", "[conformance][secrets]") {
  Trial trial;
  auto config = trial.config();
  config.secretEnv = {"NOBODY_SET_THIS"};
  CHECK(failsWith(trial.service().create(config).get(), Errc::notConfigured, "NOBODY_SET_THIS"));
  CHECK(trial.fixture().leftovers().empty());
}

}  // namespace
}  // namespace mooring::conformance
