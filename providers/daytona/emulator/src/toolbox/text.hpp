// Text as the daemon passes it on.
#pragma once

#include <mooring/emulation/text.hpp>

#include <string_view>

namespace mooring::daytona::emulator {

using emulation::shellQuoted;
using emulation::validUtf8;

inline bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace mooring::daytona::emulator
