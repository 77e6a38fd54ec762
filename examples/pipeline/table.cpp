#include "table.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using Row = std::vector<std::string_view>;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool isNumber(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

struct Column {
  std::size_t width = 0;
  bool numeric = true;
};

std::vector<Column> columnsOf(const std::vector<Row>& rows) {
  std::vector<Column> columns(rows.front().size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < std::min(columns.size(), rows[r].size()); ++c) {
      columns[c].width = std::max(columns[c].width, rows[r][c].size());
      if (r > 0 && !isNumber(rows[r][c])) columns[c].numeric = false;
    }
  }
  return columns;
}

void printRow(std::ostream& out, const Row& row, const std::vector<Column>& columns) {
  std::string line = "   ";
  for (std::size_t c = 0; c < std::min(columns.size(), row.size()); ++c) {
    const std::string padding(columns[c].width - row[c].size(), ' ');
    line += "  ";
    line += columns[c].numeric ? padding + std::string(row[c]) : std::string(row[c]) + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

void printRule(std::ostream& out, const std::vector<Column>& columns) {
  std::size_t width = 0;
  for (const auto& column : columns)
    width += column.width + 2;
  out << "     " << std::string(width - 2, '-') << '\n';
}

}  // namespace

void printTable(std::ostream& out, std::string_view text, std::size_t most) {
  std::vector<Row> rows;
  for (const auto line : split(text, '\n')) {
    if (!line.empty()) rows.push_back(split(line, '\t'));
  }
  if (rows.size() < 2) return;
  const auto columns = columnsOf(rows);
  const auto body = rows.size() - 2;
  const auto shown = std::min(body, most);
  printRow(out, rows.front(), columns);
  printRule(out, columns);
  for (std::size_t r = 1; r <= shown; ++r)
    printRow(out, rows[r], columns);
  if (shown < body) out << "     (and " << body - shown << " more)\n";
  printRule(out, columns);
  printRow(out, rows.back(), columns);
}
