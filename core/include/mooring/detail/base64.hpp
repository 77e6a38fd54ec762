/// Bytes as text and back: how anything passes through what only carries text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::detail {

/// In one piece, with its padding.
std::string encodeBase64(std::string_view bytes);
/// In lines of 76 characters, each with a newline; empty for nothing. A shell's `base64 -d` reads it.
std::string encodeBase64Lines(std::string_view bytes);
/// With '-' and '_', and without padding.
std::string encodeBase64Url(std::string_view bytes);

/// Only the one exact form of a complete piece: with its padding, without white space, without stray bits.
std::optional<std::string> decodeBase64(std::string_view text);
/// With '-' and '_', and without padding.
std::optional<std::string> decodeBase64Url(std::string_view text);

/// Decodes as text arrives, however it is cut. Newlines are skipped.
class Base64Decoder {
 public:
  /// Appends the bytes that are complete. False for what is no base64.
  bool decode(std::string_view text, std::string& out);
  /// Whether what came so far is whole.
  [[nodiscard]] bool whole() const { return bits_ == 0 || padded_; }
  void reset() { *this = Base64Decoder(); }

 private:
  std::uint32_t value_ = 0;
  int bits_ = 0;  ///< Bits that wait in value_.
  bool padded_ = false;
};

}  // namespace mooring::detail
