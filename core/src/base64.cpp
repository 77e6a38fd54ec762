#include <mooring/detail/base64.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace mooring::detail {

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

std::string encodeBase64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL.
  const auto count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(count));
  return out;
}

std::string encodeBase64Lines(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + bytes.size() / bytesOfALine + 8);
  for (std::size_t line = 0; line < bytes.size(); line += bytesOfALine)
    out += encodeBase64(bytes.substr(line, bytesOfALine)) + '\n';
  return out;
}

std::string encodeBase64Url(std::string_view bytes) {
  auto out = encodeBase64(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  out.erase(out.find_last_not_of('=') + 1);
  return out;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  if (!Base64Decoder().decode(text, out) || encodeBase64(out) != text) return std::nullopt;
  return out;
}

std::optional<std::string> decodeBase64Url(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return decodeBase64(plain);
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

}  // namespace mooring::detail
