// Waiting until a sandbox is in a state that something can be done with.
#pragma once

#include <mooring/operation.hpp>

#include "account.hpp"
#include "wire.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace mooring::daytona {

/// The pauses between looks: often at first, since most transitions take less than a second, then each
/// second. Knows how long it may take in all, and how many looks in a row may fail.
class Polling {
 public:
  Polling(AccountPtr account, std::chrono::milliseconds limit);

  /// Errors: cancelled; deadlineExceeded ("… is still <seen>") when the limit has passed.
  Task<void> pause(std::string what);
  /// Whether a failed look may be followed by another. One 502 during a poll says nothing about the sandbox.
  bool forgives(const Error& error);
  void looked() { failures_ = 0; }

 private:
  AccountPtr account_;
  Timestamp until_;
  std::chrono::milliseconds next_;
  int failures_ = 0;
};

/// How far to go to make it run.
enum class Effort {
  wait,  ///< Waits out transitions only.
  wake,  ///< Starts it where it rests, recovers it where that is offered.
};

/// From `sandbox` as it was seen last, until it runs, rests (Effort::wait), is broken for good, or leaves.
/// Nothing: it is gone. Looks again even where `sandbox` is final when it does not say its state.
/// Errors: deadlineExceeded, cancelled; unavailable and so on when looking fails for longer; what start says.
/// Cost: one request for each look, one for each start.
Task<std::optional<SandboxView>> settled(AccountPtr account,
                                         SandboxView sandbox,
                                         Effort effort,
                                         std::chrono::milliseconds limit,
                                         CallOptions call);

/// What a sandbox in an error state is called: "error (runner lost)".
std::string brokenness(const SandboxView& sandbox);

}  // namespace mooring::daytona
