#pragma once

#include <mooring/operation.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace mooring::test {

/// Where a coroutine stands still until the test lets it go, so that a test decides about order. Threads:
/// any.
class Gate : public std::enable_shared_from_this<Gate> {
 public:
  static std::shared_ptr<Gate> make() { return std::shared_ptr<Gate>(new Gate); }

  /// In the coroutine: arrives, and goes on once the gate is open. Errors: cancelled.
  Task<void> pass();

  /// In the test: blocks until `count` have arrived in all; false when that does not happen for a minute.
  bool awaitArrivals(int count = 1);
  /// Lets through all who wait or come later.
  void open();
  [[nodiscard]] int arrivals() const;

 private:
  struct Waiter;
  Gate() = default;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  int arrivals_ = 0;
  bool open_ = false;
  std::vector<std::weak_ptr<Waiter>> waiters_;
};

}  // namespace mooring::test
