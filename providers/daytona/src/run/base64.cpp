#include "run/base64.hpp"

#include <array>

namespace mooring::daytona {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t bytesOfALine = 57;

constexpr auto values = [] {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return table;
}();

}  // namespace

std::string base64Lines(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + bytes.size() / bytesOfALine + 8);
  for (std::size_t line = 0; line < bytes.size(); line += bytesOfALine) {
    const auto piece = bytes.substr(line, bytesOfALine);
    for (std::size_t i = 0; i < piece.size(); i += 3) {
      const auto at = [&](std::size_t index) {
        return index < piece.size() ? static_cast<unsigned char>(piece[index]) : 0U;
      };
      const auto three = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
      out += alphabet[three >> 18U & 63U];
      out += alphabet[three >> 12U & 63U];
      out += i + 1 < piece.size() ? alphabet[three >> 6U & 63U] : '=';
      out += i + 2 < piece.size() ? alphabet[three & 63U] : '=';
    }
    out += '\n';
  }
  return out;
}

bool Base64Decoder::decode(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      padded_ = true;
      continue;
    }
    const auto value = values[static_cast<unsigned char>(c)];
    if (value < 0 || padded_) return false;
    value_ = value_ << 6U | static_cast<std::uint32_t>(value);
    bits_ += 6;
    if (bits_ >= 8) {
      bits_ -= 8;
      out += static_cast<char>(value_ >> static_cast<unsigned>(bits_) & 0xFFU);
    }
  }
  return true;
}

}  // namespace mooring::daytona
