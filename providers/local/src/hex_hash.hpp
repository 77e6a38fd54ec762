// Short names made of long ones. FNV-1a: for telling apart, not for safety.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mooring::local {

/// Sixteen hexadecimal digits, the same on every machine and in every version.
inline std::string hexHash(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; hash >>= 4) {
    text[i] = "0123456789abcdef"[hash & 0xf];
  }
  return text;
}

}  // namespace mooring::local
