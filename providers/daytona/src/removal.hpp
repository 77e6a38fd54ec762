// Deleting a sandbox.
#pragma once

#include <mooring/operation.hpp>

#include "account.hpp"

#include <string>

namespace mooring::daytona {

enum class Removal {
  done,    ///< It was there, and Daytona has taken it away or begun to.
  absent,  ///< It was not there.
};

/// Deletes the sandbox of that id or name. Waits out transitions that forbid it and, where it has volumes,
/// until these are free. Errors: permissionDenied (a key without delete:sandboxes), unavailable and so on.
Task<Removal> removeSandbox(AccountPtr account, std::string idOrName, CallOptions call);

}  // namespace mooring::daytona
