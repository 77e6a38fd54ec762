// Which limit of a running command passes next: a plain function of values.
#pragma once

#include <mooring/command.hpp>

#include <chrono>
#include <optional>

namespace mooring::detail {

/// What a command has done so far, on the steady clock.
struct RunProgress {
  std::chrono::steady_clock::time_point asked = {};
  std::optional<std::chrono::steady_clock::time_point> started = {};
  std::optional<std::chrono::steady_clock::time_point> lastByte = {};
};

struct NextTimeout {
  TimeoutKind kind = TimeoutKind::total;
  std::chrono::steady_clock::time_point at = {};
};

/// The limit that passes first if nothing more happens; nothing when none is set that can still pass.
std::optional<NextTimeout> nextTimeout(const Timeouts& timeouts, const RunProgress& progress);

}  // namespace mooring::detail
