// Noting that a sandbox is used: SandboxRecord::lastUsedAt.
#pragma once

#include "core.hpp"
#include "repeated.hpp"

namespace mooring::detail {

/// Notes it at once, unless that was done a moment ago (ServiceParts::useInterval): warm calls do not write.
/// Use is no reason for a call to fail: a note that cannot be made is logged.
boost::asio::awaitable<void> noteUse(CorePtr core, SandboxRecord record);

/// Notes it again and again for as long as it lives.
class UseKeeper {
 public:
  UseKeeper(const CorePtr& core, const SandboxId& id);

 private:
  Repeated notes_;
};

}  // namespace mooring::detail
