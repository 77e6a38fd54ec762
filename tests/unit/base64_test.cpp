#include <mooring/detail/base64.hpp>

#include "support/catch.hpp"

using namespace mooring;

namespace {

std::string someBytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += static_cast<char>(255 - i * 37 % 256);
  return bytes;
}

}  // namespace

TEST_CASE("base64: takes what it gave", "[unit]") {
  for (std::size_t size = 0; size < 200; ++size) {
    INFO("bytes: " << size);
    const auto bytes = someBytes(size);
    CHECK((detail::decodeBase64(detail::encodeBase64(bytes)) == bytes));
    CHECK((detail::decodeBase64Url(detail::encodeBase64Url(bytes)) == bytes));
  }
  CHECK(detail::encodeBase64("\xFB\xFF") == "+/8=");
  CHECK(detail::encodeBase64Url("\xFB\xFF") == "-_8");
}

TEST_CASE("base64: takes nothing else", "[unit]") {
  const auto wrong = GENERATE(
      as<std::string>{}, "abc", "ab=c", "a===", "abc\n", " abc", "ab.c", "eB==", "-_8=");
  CHECK_FALSE(detail::decodeBase64(wrong));
  const auto wrongInUrl = GENERATE(as<std::string>{}, "a", "eB", "-_\n8", "-_8==");
  CHECK_FALSE(detail::decodeBase64Url(wrongInUrl));
}

TEST_CASE("base64: lines are decoded however they are cut", "[unit]") {
  for (const std::size_t size : {0U, 1U, 56U, 57U, 58U, 114U, 1000U}) {
    INFO("bytes: " << size);
    const auto bytes = someBytes(size);
    const auto lines = detail::encodeBase64Lines(bytes);
    CHECK((lines.empty() || lines.ends_with('\n')));
    for (const std::size_t piece : {1U, 3U, 5U, 77U}) {
      detail::Base64Decoder decoder;
      std::string decoded;
      for (std::size_t at = 0; at < lines.size(); at += piece)
        REQUIRE(decoder.decode(std::string_view(lines).substr(at, piece), decoded));
      CHECK(decoder.whole());
      CHECK((decoded == bytes));
    }
  }
  detail::Base64Decoder decoder;
  std::string decoded;
  CHECK(decoder.decode("ab", decoded));
  CHECK_FALSE(decoder.whole());
  CHECK_FALSE(decoder.decode(" ", decoded));
}
