#include "timeouts.hpp"

#include "support/catch.hpp"

using namespace mooring;
using namespace std::chrono_literals;
using detail::nextTimeout;
using detail::RunProgress;

namespace {
const auto zero = std::chrono::steady_clock::time_point{} + 1h;

RunProgress asked() {
  RunProgress progress;
  progress.asked = zero;
  return progress;
}
RunProgress startedAt(std::chrono::milliseconds at) {
  auto progress = asked();
  progress.started = zero + at;
  return progress;
}
RunProgress lastByteAt(std::chrono::milliseconds at) {
  auto progress = startedAt(0ms);
  progress.lastByte = zero + at;
  return progress;
}
}  // namespace

TEST_CASE("timeouts: without limits nothing ever passes", "[unit][timeouts]") {
  CHECK_FALSE(nextTimeout(Timeouts{}, asked()));
  CHECK_FALSE(nextTimeout(Timeouts{}, lastByteAt(5ms)));
}

TEST_CASE("timeouts: each limit counts from its own moment and is named", "[unit][timeouts]") {
  struct Row {
    const char* what;
    Timeouts limits;
    RunProgress progress;
    std::optional<TimeoutKind> kind;
    std::chrono::milliseconds at;
  };
  const Timeouts all{.connect = 10ms, .firstByte = 20ms, .silence = 30ms, .total = 100ms};
  const Row rows[] = {
      {"before the start only connect counts", all, asked(), TimeoutKind::connect, 10ms},
      {"after the start the first byte is awaited", all, startedAt(5ms), TimeoutKind::firstByte, 25ms},
      {"after the first byte silence counts", all, lastByteAt(40ms), TimeoutKind::silence, 70ms},
      {"the total passes first near the end", all, lastByteAt(90ms), TimeoutKind::total, 100ms},
      {"a total alone waits for the start", Timeouts{.total = 50ms}, asked(), std::nullopt, 0ms},
      {"a total alone counts from the start",
       Timeouts{.total = 50ms},
       startedAt(7ms),
       TimeoutKind::total,
       57ms},
      {"silence alone waits for the first byte",
       Timeouts{.silence = 50ms},
       startedAt(7ms),
       std::nullopt,
       0ms},
      {"firstByte is over once a byte came", Timeouts{.firstByte = 20ms}, lastByteAt(1ms), std::nullopt, 0ms},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto next = nextTimeout(row.limits, row.progress);
    REQUIRE(next.has_value() == row.kind.has_value());
    if (!next) continue;
    CHECK(next->kind == *row.kind);
    CHECK(next->at == zero + row.at);
  }
}
