/// Where time, identity and chance come from. Injected, so that tests own all three.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace mooring {

/// Recorded times: UTC, to the millisecond.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Threads: all members may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// For records and events.
  virtual Timestamp now() = 0;
};

/// Threads: all members may be called from any thread.
class IdSource {
 public:
  virtual ~IdSource() = default;
  /// A UUIDv7 as text (RFC 9562): 36 lowercase characters, increasing within one process.
  virtual std::string uuid() = 0;
};

/// Threads: all members may be called from any thread.
class Random {
 public:
  virtual ~Random() = default;
  /// Uniform in [0, 1). For jitter, never for secrets.
  virtual double fraction() = 0;
};

std::shared_ptr<Clock> systemClock();
/// Ids stamped by `clock`, the rest from the system's entropy.
std::shared_ptr<IdSource> systemIds(std::shared_ptr<Clock> clock);
std::shared_ptr<Random> systemRandom();

/// RFC 3339 with milliseconds and Z: "2026-01-31T12:00:00.000Z".
std::string toString(Timestamp at);

}  // namespace mooring
