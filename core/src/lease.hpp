// Keeping a lease alive while a creation goes on.
#pragma once

#include "core.hpp"

#include <memory>

namespace mooring::detail {

/// Puts a fresh lease of this service on `record`: the next fencing token.
void takeLease(const Core& core, SandboxRecord& record);
/// Ends the lease on `record`; its token stays used up.
void dropLease(SandboxRecord& record);

/// Renews the lease of `record` in the background for as long as it lives.
/// A renewal that fails is left at that: the final commit is fenced and tells.
class LeaseKeeper {
 public:
  LeaseKeeper(CorePtr core, const SandboxRecord& record);
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  ~LeaseKeeper();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mooring::detail
