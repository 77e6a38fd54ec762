#include "support/sources.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::test {

Timestamp FakeClock::start() {
  using namespace std::chrono;
  return sys_days(year(2026) / January / 31) + hours(12);
}

Timestamp FakeClock::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

void FakeClock::advance(std::chrono::milliseconds by) {
  const std::lock_guard lock(mutex_);
  now_ += by;
}

void FakeClock::set(Timestamp now) {
  const std::lock_guard lock(mutex_);
  now_ = now;
}

std::string FakeIds::uuid() {
  const std::lock_guard lock(mutex_);
  return fmt::format("00000000-0000-7000-8000-{:04x}{:08x}", series_, ++last_);
}

double FakeRandom::fraction() {
  const std::lock_guard lock(mutex_);
  if (fractions_.empty()) return otherwise_;
  const double next = fractions_.front();
  fractions_.pop_front();
  return next;
}

}  // namespace mooring::test
