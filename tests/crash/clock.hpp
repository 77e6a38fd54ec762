#pragma once

#include <mooring/sources.hpp>

#include <atomic>
#include <chrono>
#include <memory>

namespace mooring::test {

/// The system's clock, moved: leases end when a test says so, and processes of one test agree about what time
/// it is.
class OffsetClock final : public Clock {
 public:
  explicit OffsetClock(std::chrono::milliseconds offset = std::chrono::milliseconds(0)) : offset_(offset) {}

  Timestamp now() override { return system_->now() + offset_.load(); }
  void advance(std::chrono::milliseconds by) { offset_ = offset_.load() + by; }
  [[nodiscard]] std::chrono::milliseconds offset() const { return offset_; }

 private:
  std::shared_ptr<Clock> system_ = systemClock();
  std::atomic<std::chrono::milliseconds> offset_;
};

}  // namespace mooring::test
