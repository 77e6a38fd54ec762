// A command's own bytes out of the text that its wrapper printed. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::vercel {

/// One stream of one command. The text may come several times from its beginning (a log is always replayed):
/// what was seen is skipped.
class OutputDecoder {
 public:
  explicit OutputDecoder(std::string mark) : mark_(std::move(mark)) {}

  /// The text comes from its beginning again.
  void restart() { position_ = 0; }
  /// Takes the next text; gives the bytes that are known to be the command's.
  std::string push(std::string_view text);
  /// The mark was seen: all is there.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Lines of the wrapper's own, without their dot; and, last, anything that should not be there.
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] bool said(std::string_view word) const;

 private:
  void takeLine(std::string_view line);
  std::string release();

  std::string mark_;
  std::uint64_t position_ = 0;  ///< In the text, since its last beginning.
  std::uint64_t seen_ = 0;      ///< Of the text, ever.
  std::string line_;            ///< The beginning of a line.
  std::string held_;            ///< Decoded; may be the beginning of the mark.
  std::vector<std::string> words_;
  bool complete_ = false;
};

}  // namespace mooring::vercel
