// The emulators that this build has, by the names of their providers.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include <string>
#include <utility>
#include <vector>

namespace mooring {

/// Generated from the list in providers/CMakeLists.txt.
const std::vector<std::pair<std::string, emulation::EmulatorFactory>>& builtinEmulators();

namespace cli {

/// Errors: invalidArgument, naming those there are.
Result<emulation::EmulatorFactory> emulatorOf(const std::string& provider);

}  // namespace cli
}  // namespace mooring
