// What emulators leave behind that do not get to their end. All of it blocks.
#pragma once

#include <mooring/error.hpp>

#include <filesystem>

namespace mooring::emulation {

/// Removes the machines that lie in `directory`, running or not. Nobody else may use it.
Result<void> removeMachines(const std::filesystem::path& directory);

/// Removes what was abandoned among the temporary directories. What cannot be removed is left to the next
/// one.
void sweep();

}  // namespace mooring::emulation
