// Keeping a lease alive while a creation goes on.
#pragma once

#include "core.hpp"
#include "repeated.hpp"

namespace mooring::detail {

/// Puts a fresh lease of this service on `record`: the next fencing token.
void takeLease(const Core& core, SandboxRecord& record);
/// Ends the lease on `record`; its token stays used up.
void dropLease(SandboxRecord& record);

/// Renews the lease of `record` in the background for as long as it lives.
/// A renewal that fails is left at that: the final commit is fenced and tells.
class LeaseKeeper {
 public:
  LeaseKeeper(const CorePtr& core, const SandboxRecord& record);

 private:
  Repeated renewals_;
};

}  // namespace mooring::detail
