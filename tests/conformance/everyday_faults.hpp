#pragma once

/// The trouble that a cloud gives on an ordinary bad day. A provider keeps all its promises in it.

#include <mooring/emulation/faults.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace mooring::conformance {

/// Whether this run of the suite is one of the bad days.
inline bool badDay() { return std::getenv("MOORING_TEST_BAD_DAY") != nullptr; }

/// Rules for an emulator: slow answers, too many requests, blips of what only asks, and replies to `creating`
/// ("METHOD template", a regular expression) that are lost although all was done. Seldom enough that the same
/// request does not meet four of them in a row, after which a client rightly gives up.
inline std::vector<emulation::Fault> everydayFaults(std::string creating) {
  using emulation::FaultAction;
  const auto often = [](std::string route, FaultAction action, double probability) {
    emulation::Fault fault;
    fault.route = std::move(route);
    fault.action = action;
    fault.probability = probability;
    fault.count = 0;
    return fault;
  };
  auto slow = often(".*", FaultAction::delay, 0.1);
  slow.latency = std::chrono::milliseconds(20);
  auto limited = often(".*", FaultAction::status, 0.02);
  limited.status = 429;
  limited.retryAfter = emulation::RetryAfterForm::suffixed;
  limited.retryAfterSeconds = 0;
  auto down = often("GET .*", FaultAction::status, 0.02);
  down.status = 503;
  return {
      often(std::move(creating), FaultAction::loseReply, 0.3),
      often("GET .*", FaultAction::reset, 0.01),
      down,
      limited,
      slow,
  };
}

}  // namespace mooring::conformance
