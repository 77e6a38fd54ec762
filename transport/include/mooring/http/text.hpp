/// Words of a server's, made fit for an error message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mooring::http {

/// One printable line: runs of control characters become one space, and what is longer than `longest` bytes
/// is cut between two characters and ends in "…".
std::string oneLine(std::string_view text, std::size_t longest = 400);

}  // namespace mooring::http
