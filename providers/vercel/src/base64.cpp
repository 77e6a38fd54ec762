#include "base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace mooring::vercel {

std::string encodeBase64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL.
  const auto count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(count));
  return out;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  const auto padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
  const bool plain = std::ranges::all_of(text.substr(0, text.size() - padding), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
  if (text.size() % 4 != 0 || !plain) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const auto count = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (count < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(count) - padding);  // OpenSSL decodes padding to zero bytes.
  return out;
}

std::optional<std::string> decodeBase64Url(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return decodeBase64(plain);
}

}  // namespace mooring::vercel
