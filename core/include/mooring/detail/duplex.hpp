/// Two streams that make one connection, carried at the same time.
#pragma once

#include <mooring/bytes.hpp>

#include <memory>

namespace mooring::detail {

/// Runs both at once on the caller's executor. `outward` decides: when it ends, `inward` is cancelled and its
/// result is returned. The end of `inward` alone ends nothing (one direction of the connection was closed);
/// its failure cancels `outward` and is returned. Cancelling the awaiting coroutine reaches both.
Task<void> carryBothWays(Task<void> inward, Task<void> outward);

}  // namespace mooring::detail
