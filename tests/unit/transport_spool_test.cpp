#include <mooring/http/spool.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/temp_dir.hpp"
#include "transport_policies.hpp"

#include <boost/asio/thread_pool.hpp>

#include <algorithm>

using namespace mooring;
using test::ok;

namespace {

/// Gives so many bytes, once, in pieces; and fails at one of them.
class Numbers final : public ByteSource {
 public:
  explicit Numbers(std::size_t size, std::size_t failsAt = std::string::npos)
      : left_(size), failsAt_(failsAt) {}
  Task<std::size_t> read(std::span<std::byte> buffer) override {
    if (given_ >= failsAt_) co_return failure(Errc::conflict, "the file changed");
    const auto count = std::min({buffer.size(), left_, std::size_t{1000}});
    for (std::size_t i = 0; i < count; ++i)
      buffer[i] = at(given_ + i);
    given_ += count;
    left_ -= count;
    co_return count;
  }
  static std::byte at(std::size_t index) { return static_cast<std::byte>((index * 7 + index / 251) % 256); }

 private:
  std::size_t left_;
  std::size_t failsAt_;
  std::size_t given_ = 0;
};

std::string numbers(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text += static_cast<char>(Numbers::at(i));
  return text;
}

Task<std::string> readAll(std::shared_ptr<ByteSource> source, std::size_t most) {
  std::string text;
  std::vector<std::byte> buffer(700);
  while (text.size() < most) {
    auto count = co_await source->read(std::span(buffer).first(std::min(buffer.size(), most - text.size())));
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) break;
    text += asText(std::span(buffer).first(*count));
  }
  co_return text;
}

Task<http::Response> readAndRefuse(http::Request request, std::shared_ptr<std::vector<std::string>> bodies) {
  auto opened = request.body.open();
  if (!opened) co_return std::unexpected(std::move(opened).error());
  auto read = co_await readAll(std::move(*opened), std::string::npos);
  bodies->push_back(read.value_or("failed"));
  co_return test::scripted::status(503);
}

/// A few bytes in memory, a few more on the disk.
struct Spooling {
  test::TempDir directory;
  boost::asio::thread_pool threads{1};
  http::SpoolOptions options{.memory = 1000, .disk = 10'000, .directory = directory.path()};

  http::Body of(std::shared_ptr<ByteSource> source) {
    auto body = test::run(http::spooled(std::move(source), threads.get_executor(), options));
    REQUIRE(ok(body));
    return std::move(*body);
  }
  static Result<std::string> read(const http::Body& body, std::size_t most = std::string::npos) {
    auto opened = body.open();
    REQUIRE(ok(opened));
    return test::run(readAll(std::move(*opened), most));
  }
};

}  // namespace

TEST_CASE("spool: a short body is a text, whose length is known", "[unit][transport]") {
  Spooling spooling;
  const auto body = spooling.of(std::make_shared<Numbers>(999));
  REQUIRE(body.text() != nullptr);
  CHECK(*body.text() == numbers(999));
  CHECK(body.repeatable());
}

TEST_CASE("spool: a long body is read again from its beginning, however far it was read",
          "[unit][transport]") {
  Spooling spooling;
  const auto size = GENERATE(std::size_t{1000}, std::size_t{1001}, std::size_t{11'000});
  const auto body = spooling.of(std::make_shared<Numbers>(size));
  CHECK(body.isStream());
  for (const std::size_t most :
       {std::size_t{0}, std::size_t{300}, std::size_t{1000}, std::size_t{2345}, size}) {
    INFO("read before: " << most);
    CHECK(Spooling::read(body, most) == numbers(size).substr(0, most));
    CHECK(body.repeatable());
  }
  CHECK(Spooling::read(body) == numbers(size));
  CHECK(Spooling::read(body) == numbers(size));
  // Nobody finds it there.
  CHECK(std::filesystem::is_empty(spooling.directory.path()));
}

TEST_CASE("spool: what is too long to be kept goes through once", "[unit][transport]") {
  Spooling spooling;
  const auto body = spooling.of(std::make_shared<Numbers>(20'000));
  CHECK(Spooling::read(body, 5000) == numbers(5000));
  CHECK(body.repeatable());
  CHECK(Spooling::read(body) == numbers(20'000));
  CHECK_FALSE(body.repeatable());
  CHECK(test::failsWith(Spooling::read(body), Errc::internal));
}

TEST_CASE("spool: without a place for its file a body goes through once", "[unit][transport]") {
  Spooling spooling;
  spooling.options.directory = spooling.directory / "missing";
  const auto body = spooling.of(std::make_shared<Numbers>(5000));
  CHECK(body.repeatable());
  CHECK(Spooling::read(body) == numbers(5000));
  CHECK_FALSE(body.repeatable());
}

TEST_CASE("spool: a source that fails is not asked again", "[unit][transport]") {
  Spooling spooling;
  const auto body = spooling.of(std::make_shared<Numbers>(5000, 3000));
  CHECK(test::failsWith(Spooling::read(body), Errc::conflict));
  CHECK_FALSE(body.repeatable());
}

TEST_CASE("spool: the retry policy sends a kept body again, and no other", "[unit][transport]") {
  Spooling spooling;
  test::scripted::Parts parts;
  auto http = http::withRetries(parts.wire, parts.forRetries());
  auto bodies = std::make_shared<std::vector<std::string>>();
  parts.wire->answer([bodies](http::Request sent) { return readAndRefuse(std::move(sent), bodies); });
  auto request = test::scripted::to("/upload", http::Method::put);
  SECTION("kept") {
    parts.wire->reply(200, "");
    request.body = spooling.of(std::make_shared<Numbers>(5000));
    const auto response = test::scripted::send(http, request);
    REQUIRE(ok(response));
    CHECK(response->status == 200);
    CHECK(response->attempts == 2);
    CHECK(*bodies == std::vector<std::string>{numbers(5000)});
    CHECK(Spooling::read(request.body) == numbers(5000));
  }
  SECTION("not kept") {
    request.body = spooling.of(std::make_shared<Numbers>(20'000));
    const auto response = test::scripted::send(http, request);
    REQUIRE(ok(response));
    CHECK(response->status == 503);
    CHECK(response->attempts == 1);
  }
}
