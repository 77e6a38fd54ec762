#include <mooring/sources.hpp>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <random>
#include <stdexcept>
#include <unistd.h>

namespace mooring {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

/// Within one millisecond, and when the clock steps back, the 12 bits after the time count up, so that ids of
/// one process always sort in the order they were made (RFC 9562, section 6.2, method 1).
class SystemIds final : public IdSource {
 public:
  explicit SystemIds(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  std::string uuid() override {
    std::array<unsigned char, 10> random{};
    if (::getentropy(random.data(), random.size()) != 0) {
      throw std::runtime_error("the system has no entropy for an id");
    }
    const auto [millis, count] = nextStamp(random);
    const auto high = (static_cast<unsigned>(random[2]) & 0x3FU) | 0x80U;
    return fmt::format("{:08x}-{:04x}-7{:03x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}",
                       millis >> 16U,
                       millis & 0xFFFFU,
                       count,
                       high,
                       random[3],
                       random[4],
                       random[5],
                       random[6],
                       random[7],
                       random[8],
                       random[9]);
  }

 private:
  std::pair<std::uint64_t, unsigned> nextStamp(const std::array<unsigned char, 10>& random) {
    const std::lock_guard lock(mutex_);
    const auto now = static_cast<std::uint64_t>(clock_->now().time_since_epoch().count());
    if (now > millis_) {
      millis_ = now;
      // The top bit stays clear, so that a burst has room to count.
      count_ = ((static_cast<unsigned>(random[0]) << 8U) | random[1]) & 0x7FFU;
    } else if (++count_ > 0xFFFU) {
      ++millis_;
      count_ = 0;
    }
    return {millis_, count_};
  }

  std::shared_ptr<Clock> clock_;
  std::mutex mutex_;
  std::uint64_t millis_ = 0;
  unsigned count_ = 0;
};

class SystemRandom final : public Random {
 public:
  double fraction() override {
    const std::lock_guard lock(mutex_);
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine_);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_{std::random_device{}()};
};

}  // namespace

std::shared_ptr<Clock> systemClock() { return std::make_shared<SystemClock>(); }
std::shared_ptr<IdSource> systemIds(std::shared_ptr<Clock> clock) {
  return std::make_shared<SystemIds>(std::move(clock));
}
std::shared_ptr<Random> systemRandom() { return std::make_shared<SystemRandom>(); }

std::string toString(Timestamp at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at - seconds).count();
  return fmt::format(
      "{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), millis);
}

}  // namespace mooring
