/// Text as servers pass it on.
#pragma once

#include <string>
#include <string_view>

namespace mooring::emulation {

/// What is no UTF-8 becomes U+FFFD, byte by byte, as Go's JSON encoder does it.
std::string validUtf8(std::string_view bytes);

/// One word of a POSIX shell, whatever is in it.
std::string shellQuoted(std::string_view text);

}  // namespace mooring::emulation
