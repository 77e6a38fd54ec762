// Bytes as text that passes through JSON and through a shell.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mooring::daytona {

/// In lines of 76 characters, each with a newline; empty for nothing.
std::string base64Lines(std::string_view bytes);

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

}  // namespace mooring::daytona
