#include <mooring/guest/file_answers.hpp>
#include <mooring/guest/staging.hpp>
#include <mooring/http/instant.hpp>
#include <mooring/http/parsers/until_mark.hpp>
#include <mooring/http/vendor_settings.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/sources.hpp"
#include "support/tasks.hpp"

#include <array>
#include <map>

using namespace mooring;
using test::failsWith;
using test::ok;

namespace {

/// Says nothing of its length.
class Unsized final : public ByteSource {
 public:
  explicit Unsized(std::string bytes) : inner_(sourceOf(std::move(bytes))) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override { return inner_->read(buffer); }

 private:
  std::shared_ptr<ByteSource> inner_;
};

}  // namespace

TEST_CASE("http/instant: times are read with fraction and offset", "[unit][transport]") {
  using http::parseInstant;
  const auto noon = test::FakeClock::start();
  CHECK(parseInstant("2026-01-31T12:00:00Z") == noon);
  CHECK(parseInstant("2026-01-31T12:00:00.25Z") == noon + std::chrono::milliseconds(250));
  CHECK(parseInstant("2026-01-31T12:00:00.123456789Z") == noon + std::chrono::milliseconds(123));
  CHECK(parseInstant("2026-01-31T13:30:00+01:30") == noon);
  CHECK(parseInstant("2026-01-31T11:00:00.000-01:00") == noon);
  for (const char* text : {"",
                           "2026-01-31",
                           "2026-13-31T12:00:00Z",
                           "2026-01-31T12:00:00",
                           "2026-01-31T12:00:00.Z",
                           "2026-02-30T12:00:00Z",
                           "2026-01-31T12:00:00Zx",
                           "-026-01-31T12:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parseInstant(text).has_value());
  }
}

TEST_CASE("guest/files: a source of unknown length goes in parts", "[unit][transport]") {
  auto items = guest::partsOf("/tmp/x/1.", std::make_shared<Unsized>(std::string((1 << 20) + 5, 'x')));
  auto first = test::run(items());
  REQUIRE(ok(first));
  REQUIRE(first->has_value());
  CHECK((*first)->entry.path == "/tmp/x/1.000001");
  CHECK((*first)->entry.size == std::uint64_t{1} << 20);
  auto second = test::run(items());
  REQUIRE(ok(second));
  REQUIRE(second->has_value());
  CHECK((*second)->entry.size == 5);
  auto third = test::run(items());
  REQUIRE(ok(third));
  CHECK_FALSE(third->has_value());
}

TEST_CASE("guest/files: a listing may hold any names", "[unit][transport]") {
  using namespace std::string_literals;
  const auto entries = guest::readListing(
      "f 644 5 1769860800.5000000000 a b\n\xFF\0\0d 755 4096 1769860800.0 sub\0\0l 777 4 1.0 link\0a b\0p "
      "600 0 1.0 "
      "pipe\0\0"s);
  REQUIRE(ok(entries));
  REQUIRE(entries->size() == 4);
  CHECK(entries->at(0).name == "a b\n\xFF");
  CHECK(entries->at(0).size == 5);
  CHECK(entries->at(0).mode == 0644);
  CHECK(toString(*entries->at(0).modifiedAt) == "2026-01-31T12:00:00.000Z");
  CHECK(toString(entries->at(1).type) == "directory");
  CHECK(entries->at(1).size == 0);
  CHECK(entries->at(2).linkTarget == "a b");
  CHECK(toString(entries->at(3).type) == "other");
  CHECK(guest::readListing("")->empty());
  CHECK(failsWith(guest::readListing("f 644 5"), Errc::corrupted));
  CHECK(failsWith(guest::readListing("f x 5 1.0 n\0\0"s), Errc::corrupted));
}

TEST_CASE("guest/files: paths are never options", "[unit][transport]") {
  CHECK(guest::plainPath("-rf") == "./-rf");
  CHECK(guest::plainPath("/-rf") == "/-rf");
}

TEST_CASE("guest/files: what a script says by its exit code or its tool's words", "[unit][transport]") {
  guest::Printed printed;
  CHECK(ok(guest::checkPrinted(printed, "do it")));
  printed.exitCode = 94;
  CHECK(failsWith(
      guest::checkPrinted(printed, "do it"), Errc::notFound, "cannot do it: there is no such file"));
  printed.exitCode = 96;
  CHECK(failsWith(guest::checkPrinted(printed, "do it"), Errc::conflict));
  printed.exitCode = 1;
  printed.err = "mv: cannot move: No space left on device\n";
  CHECK(failsWith(guest::checkPrinted(printed, "do it"), Errc::quotaExceeded, "No space left"));
}

TEST_CASE("parsers/until_mark: gives what is before the mark, however it is cut", "[unit][transport]") {
  const std::string text = "aabab abc";
  const std::string mark = "abc";
  for (std::size_t piece = 1; piece <= 12; ++piece) {
    http::UntilMark stream(mark);
    std::string before;
    const auto whole = text + "rest";
    for (std::size_t at = 0; at < whole.size(); at += piece)
      before += stream.push(std::string_view(whole).substr(at, piece));
    CHECK(before == "aabab ");
    CHECK(stream.found());
    CHECK(stream.rest() == "rest");
  }
}

TEST_CASE("parsers/until_mark: what cannot be the mark any more is not held back", "[unit][transport]") {
  http::UntilMark stream("mark");
  CHECK(stream.push("some ma") == "some ");
  CHECK(stream.push("ny") == "many");
  CHECK_FALSE(stream.found());
  CHECK(stream.rest().empty());
}

TEST_CASE("http/vendor: an answer's error says who, what and when, and no secret", "[unit][transport]") {
  constexpr http::Vendor acme{"acme", "Acme"};
  http::Response response;
  response.status = 429;
  response.requestId = "r-1";
  response.retryAfter = std::chrono::seconds(3);
  response.retriesExhausted = true;
  const auto error = http::answered(
      acme, response, Errc::rateLimited, "do it", ": no, key s3cret", "; wait", Secret("s3cret"));
  CHECK(error.message == "cannot do it: Acme answered 429: no, key ***; wait");
  CHECK(error.provider == "acme");
  CHECK(error.httpStatus == 429);
  CHECK(error.requestId == "r-1");
  CHECK(error.retryAfter == std::chrono::seconds(3));
  CHECK(toString(error.transience) == "exhausted");
  CHECK(http::redacted("plain", Secret()) == "plain");
}

TEST_CASE("http/vendor: the page of a proxy is no message", "[unit][transport]") {
  http::Response response;
  response.body = "<html><h1>502</h1>";
  CHECK(http::plainTextOf(response).empty());
  response.body = "no such\nsession";
  CHECK(http::plainTextOf(response) == "no such session");
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  CHECK(http::plainTextOf(response).empty());
}

TEST_CASE("http/vendor_settings: addresses and switches are read, or refused by their name",
          "[unit][transport]") {
  constexpr http::Vendor acme{"acme", "Acme"};
  constexpr std::array names = {"ACME_URL", "ACME_OLD_URL"};
  using Variables = std::map<std::string, std::string, std::less<>>;
  const auto from = [&](Variables variables) {
    return http::readAddress(acme, Settings(std::move(variables)), names, "https://api.acme.test");
  };
  CHECK(from({})->url == "https://api.acme.test");
  const auto second = from({{"ACME_OLD_URL", "http://x:1//"}});
  REQUIRE(ok(second));
  CHECK(second->url == "http://x:1");
  CHECK(second->from == "ACME_OLD_URL");
  CHECK(failsWith(from({{"ACME_URL", "ftp://x"}}), Errc::invalidArgument, "ACME_URL"));
  CHECK(failsWith(from({{"ACME_URL", "http://x/?a=b"}}), Errc::invalidArgument, "Acme API"));

  const Settings settings(Variables{{"ON", "Yes"}, {"OFF", "0"}, {"ODD", "perhaps"}});
  bool value = false;
  CHECK(ok(http::readSwitch(acme, settings, "ON", value)));
  CHECK(value);
  CHECK(ok(http::readSwitch(acme, settings, "UNSET", value)));
  CHECK(value);
  CHECK(ok(http::readSwitch(acme, settings, "OFF", value)));
  CHECK_FALSE(value);
  CHECK(failsWith(http::readSwitch(acme, settings, "ODD", value), Errc::invalidArgument, "ODD"));
  constexpr std::array all = {"ODD", "UNSET", "ON"};
  CHECK(http::namesOfSet(settings, all) == "ODD, ON");
}
