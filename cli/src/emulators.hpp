// The emulators that this build has, by the names of their providers.
#pragma once

#include <mooring/emulation/emulator.hpp>

#include <string>
#include <utility>
#include <vector>

namespace mooring {

const std::vector<std::pair<std::string, emulation::EmulatorFactory>>& builtinEmulators();

}  // namespace mooring
