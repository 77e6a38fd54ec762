#pragma once

#include <string_view>

namespace mooring::local {

/// The supervisor's executable file.
std::string_view supervisorImage();

}  // namespace mooring::local
