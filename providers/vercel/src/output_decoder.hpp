// A command's own bytes out of the text that its wrapper printed. No I/O.
#pragma once

#include <mooring/http/parsers/until_mark.hpp>

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
  explicit OutputDecoder(std::string mark) : bytes_(std::move(mark)) {}

  /// The text comes from its beginning again.
  void restart() { position_ = 0; }
  /// Takes the next text; gives the bytes that are known to be the command's.
  std::string push(std::string_view text);
  /// The mark was seen: all is there.
  [[nodiscard]] bool complete() const { return bytes_.found(); }
  /// Lines of the wrapper's own, without their dot; and, last, anything that should not be there.
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] bool said(std::string_view word) const;

 private:
  std::string takeLine(std::string_view line);

  http::UntilMark bytes_;
  std::uint64_t position_ = 0;  ///< In the text, since its last beginning.
  std::uint64_t seen_ = 0;      ///< Of the text, ever.
  std::string line_;            ///< The beginning of a line.
  std::vector<std::string> words_;
};

}  // namespace mooring::vercel
