/// Bytes up to a mark that ends them, however they are cut.
#pragma once

#include <string>
#include <string_view>

namespace mooring::http {

/// push() bytes as they come; what may be the beginning of the mark is held back until it is decided.
/// Memory: the mark's length, and what comes after it.
class UntilMark {
 public:
  explicit UntilMark(std::string mark) : mark_(std::move(mark)) {}

  /// Gives what is now known to come before the mark.
  std::string push(std::string_view bytes);
  [[nodiscard]] bool found() const { return found_; }
  /// All that has come after the mark.
  [[nodiscard]] std::string_view rest() const {
    return found_ ? std::string_view(held_) : std::string_view();
  }

 private:
  std::string mark_;
  std::string held_;
  bool found_ = false;
};

}  // namespace mooring::http
