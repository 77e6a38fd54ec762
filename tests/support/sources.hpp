#pragma once

/// Time, identity and chance that a test owns.

#include <mooring/sources.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace mooring::test {

/// Stands still until it is told to move. Threads: any.
class FakeClock final : public Clock {
 public:
  /// 2026-01-31T12:00:00.000Z.
  static Timestamp start();

  explicit FakeClock(Timestamp now = start()) : now_(now) {}
  Timestamp now() override;
  void advance(std::chrono::milliseconds by);
  void set(Timestamp now);

 private:
  std::mutex mutex_;
  Timestamp now_;
};

/// 00000000-0000-7000-8000-000000000001, …2, …3: a UUIDv7 each, in order. Services that share a database
/// share one source, or take ones of different `series`. Threads: any.
class FakeIds final : public IdSource {
 public:
  explicit FakeIds(std::uint16_t series = 0) : series_(series) {}
  std::string uuid() override;

 private:
  std::mutex mutex_;
  std::uint16_t series_;
  std::uint64_t last_ = 0;
};

/// Gives what it was told to, then `otherwise` for ever. Threads: any.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::deque<double> fractions = std::deque<double>(), double otherwise = 0.5)
      : fractions_(std::move(fractions)), otherwise_(otherwise) {}
  double fraction() override;

 private:
  std::mutex mutex_;
  std::deque<double> fractions_;
  double otherwise_;
};

}  // namespace mooring::test
