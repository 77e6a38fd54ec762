/// JSON values, one a line.
#pragma once

#include <mooring/http/json.hpp>
#include <mooring/http/parsers/lines.hpp>

#include <boost/json/value.hpp>

namespace mooring::http {

struct NdjsonLimits {
  std::size_t line = std::size_t{4} * 1024 * 1024;  ///< Bytes.
  int depth = 32;                                   ///< Of nested arrays and objects.
};

/// push() bytes, take values with next() until it has none, finish() at the end. Blank lines are skipped; the
/// last line may lack its newline. After an Error the parser is of no further use.
class Ndjson {
 public:
  explicit Ndjson(NdjsonLimits limits = NdjsonLimits()) : lines_(limits.line), limits_(limits) {}

  void push(std::string_view bytes) { lines_.push(bytes); }
  void finish() { lines_.finish(); }
  /// Errors: corrupted, with the line's number; its text is not repeated.
  Result<std::optional<boost::json::value>> next();

 private:
  Lines lines_;
  NdjsonLimits limits_;
  std::size_t number_ = 0;
};

}  // namespace mooring::http
