// What a new sandbox's home is filled with, other than a snapshot.
#pragma once

#include <mooring/emulation/machines.hpp>

#include "requests.hpp"

namespace mooring::vercel::emulated {

/// Clones a repository, or unpacks an archive, into the machine's home, with the programs found there.
/// Errors: status 400, with what they complained about and without credentials.
Task<void> fetchSource(emulation::MachinePtr machine, Source source);

}  // namespace mooring::vercel::emulated
