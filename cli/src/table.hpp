// Columns of text: aligned with a heading for people, tab-separated without one for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mooring::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
  void add(std::vector<std::string> cells);

  /// For a terminal.
  [[nodiscard]] std::string aligned() const;
  /// For a pipe: one line each, cells separated by tabs, which cells themselves never hold.
  [[nodiscard]] std::string tabbed() const;

 private:
  std::vector<std::string> heading_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mooring::cli
