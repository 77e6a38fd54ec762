// The processes behind a sandbox, as this machine counts them.
#pragma once

#include "detail/descriptor.hpp"
#include "layout.hpp"

#include <string>
#include <sys/types.h>

namespace mooring::local {

/// Descriptors are pidfds; none where the process does not run.
struct Processes {
  pid_t supervisorPid = 0;
  Descriptor supervisor;  ///< Proven to be it, by its program and its directory: may be killed.
  Descriptor outermost;   ///< What ends last, bwrap or who waits for it: to be waited for, no more.
};

/// Blocks.
Processes findProcesses(const Layout& layout, const std::string& key);

}  // namespace mooring::local
