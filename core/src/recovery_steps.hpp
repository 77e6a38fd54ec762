// Recovery carried out: one function takes any step of a plan.
#pragma once

#include "core.hpp"

namespace mooring::detail {

/// Carries `step` out, after another look at its record: it gives way to whoever changed that, and `false`
/// is "not needed any more". What is committed is fenced by the version that the plan was made on, and takes
/// a new lease token, so that a process which comes back to an interrupted creation cannot write over it.
/// `debt` is the one that the step is about, if it is about one.
Task<bool> applyRecovery(CorePtr core, RecoveryStep step, Debt debt, CallOptions call);

}  // namespace mooring::detail
