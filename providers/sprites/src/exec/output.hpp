// What comes back through the gate. No I/O.
#pragma once

#include <mooring/command.hpp>
#include <mooring/http/parsers/until_mark.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mooring::sprites {

/// How the gate says that a command ended.
struct GateEnd {
  int exitCode = 0;
  bool killed = false;     ///< On request.
  bool confirmed = false;  ///< Its whole process group is dead.
};

/// Tells a command's own bytes from the gate's words, on both streams of one execution.
class GateOutput {
 public:
  explicit GateOutput(const std::string& mark);

  /// Takes bytes of a stream; gives those that are known to be the command's.
  std::string push(Stream stream, std::string_view bytes);

  /// The gate's first word ("started" …), once it is whole.
  [[nodiscard]] const std::optional<std::string>& word() const { return word_; }
  /// The end, once all that was printed before it is there.
  [[nodiscard]] std::optional<GateEnd> end() const;

 private:
  std::string pushOut(std::string_view bytes);

  std::string greeting_;  ///< What the first line begins with.
  std::string head_;      ///< Of the standard output, until the first line is whole.
  std::optional<std::string> word_;
  http::UntilMark out_;
  http::UntilMark err_;
};

}  // namespace mooring::sprites
