#include "table.hpp"

#include "words.hpp"

#include <algorithm>

namespace mooring::cli {
namespace {

/// Characters, not bytes; good enough for what names and purposes hold.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  for (auto& cell : cells)
    cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::aligned() const {
  std::vector<std::size_t> widths;
  widths.reserve(heading_.size());
  for (const auto& cell : heading_)
    widths.push_back(width(cell));
  for (const auto& row : rows_) {
    for (std::size_t at = 0; at < row.size(); ++at)
      widths[at] = std::max(widths[at], width(row[at]));
  }
  std::string out;
  const auto addRow = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t at = 0; at < row.size(); ++at) {
      line += row[at];
      line.append(widths[at] - width(row[at]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  addRow(heading_);
  for (const auto& row : rows_)
    addRow(row);
  return out;
}

std::string Table::tabbed() const {
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t at = 0; at < row.size(); ++at)
      out += (at == 0 ? "" : "\t") + row[at];
    out += "\n";
  }
  return out;
}

}  // namespace mooring::cli
