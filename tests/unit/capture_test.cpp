#include "capture.hpp"

#include "support/catch.hpp"

#include <random>
#include <string>

using namespace mooring;
using detail::Capture;

namespace {

Captured captured(std::size_t limit, std::string_view bytes, std::size_t chunk) {
  Capture capture(limit);
  for (std::size_t at = 0; at < bytes.size(); at += chunk)
    capture.add(asBytes(bytes.substr(at, chunk)));
  return std::move(capture).finish();
}

}  // namespace

TEST_CASE("capture: what fits is kept whole", "[unit][capture]") {
  const auto kept = captured(10, "0123456789", 3);
  CHECK(kept.text == "0123456789");
  CHECK(kept.totalBytes == 10);
  CHECK_FALSE(kept.truncated);
  CHECK(kept.headBytes == 10);
}

TEST_CASE("capture: a longer stream keeps its head and its tail, and counts what it drops",
          "[unit][capture]") {
  const auto chunk = GENERATE(as<std::size_t>{}, 1, 2, 3, 7, 100);
  const auto kept = captured(6, "abcdefghijklmnopqrstuvwxyz", chunk);
  CHECK(kept.text == "abcxyz");
  CHECK(kept.headBytes == 3);
  CHECK(kept.totalBytes == 26);
  CHECK(kept.truncated);
}

TEST_CASE("capture: a limit of zero counts only", "[unit][capture]") {
  const auto kept = captured(0, "abc", 1);
  CHECK(kept.text.empty());
  CHECK(kept.totalBytes == 3);
  CHECK(kept.truncated);
}

TEST_CASE("capture: cuts fall between UTF-8 characters on both sides", "[unit][capture]") {
  const std::string text = "aé漢🚢aé漢🚢aé漢🚢aé漢🚢";
  for (std::size_t limit = 0; limit < text.size(); ++limit) {
    const auto kept = captured(limit, text, 5);
    const auto head = kept.text.substr(0, kept.headBytes);
    const auto tail = kept.text.substr(kept.headBytes);
    INFO("limit " << limit);
    CHECK(text.starts_with(head));
    CHECK(text.ends_with(tail));
    CHECK(detail::incompleteSuffix(head) == 0);
    CHECK(detail::continuationPrefix(tail) == 0);
    CHECK(kept.text.size() <= limit);
    CHECK(kept.text.size() + 6 >= limit);
  }
}

TEST_CASE("capture: binary output that is not UTF-8 is kept byte for byte", "[unit][capture]") {
  const std::string bytes(64, '\x80');
  const auto kept = captured(16, bytes, 7);
  CHECK(kept.text == std::string(16, '\x80'));
}

TEST_CASE("capture: any chunking gives the same result", "[unit][capture]") {
  std::mt19937 random(7);
  std::string bytes(5000, '\0');
  for (auto& c : bytes)
    c = static_cast<char>('a' + random() % 26);
  const auto whole = captured(777, bytes, bytes.size());
  for (int round = 0; round < 50; ++round) {
    Capture capture(777);
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t count = 1 + random() % 900;
      capture.add(asBytes(std::string_view(bytes).substr(at, count)));
      at += count;
    }
    const auto pieces = std::move(capture).finish();
    CHECK(pieces.text == whole.text);
  }
}
