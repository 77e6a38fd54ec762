#include <mooring/emulation/text.hpp>

#include <algorithm>
#include <cstddef>

namespace mooring::emulation {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// How many bytes the character at the head of `bytes` has; 0 when it is none.
std::size_t characterLength(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto between = [&](std::size_t i, unsigned least, unsigned most) {
    return i < bytes.size() && at(i) >= least && at(i) <= most;
  };
  const auto tail = [&](std::size_t i) { return between(i, 0x80, 0xBF); };
  const unsigned head = at(0);
  if (head < 0x80) return 1;
  if (head >= 0xC2 && head <= 0xDF) return tail(1) ? 2 : 0;
  if (head >= 0xE0 && head <= 0xEF) {
    // Neither longer than need be nor half of a surrogate pair.
    const bool second = between(1, head == 0xE0 ? 0xA0 : 0x80, head == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (head >= 0xF0 && head <= 0xF4) {
    const bool second = between(1, head == 0xF0 ? 0x90 : 0x80, head == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string validUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = characterLength(bytes);
    text += length == 0 ? replacement : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string shellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace mooring::emulation
