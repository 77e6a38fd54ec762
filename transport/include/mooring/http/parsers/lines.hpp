/// Lines out of bytes, however those are cut.
#pragma once

#include <mooring/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::http {

/// Feed it with push(), take what is complete with next(), and call finish() at the end of the input.
/// A returned view is valid until the next push(). Memory: one line and what was pushed since.
class Lines {
 public:
  explicit Lines(std::size_t longest) : longest_(longest) {}

  void push(std::string_view bytes);
  /// No more will come: what is left becomes the last line.
  void finish() { finished_ = true; }
  /// A line without its "\n" or "\r\n"; nothing when more bytes are needed, or the end.
  /// Errors: corrupted, when a line is longer than allowed.
  Result<std::optional<std::string_view>> next();

 private:
  std::string buffer_;
  std::size_t taken_ = 0;
  std::size_t searched_ = 0;
  std::size_t longest_;
  bool finished_ = false;
};

}  // namespace mooring::http
