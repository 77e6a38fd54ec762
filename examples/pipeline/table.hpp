// Lines of tab-separated values as a table for people.
#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

/// Prints `text`, whose first line names the columns and whose last one is a total. Columns of numbers are
/// aligned right. Of many rows the first `most` are shown, and how many there are besides.
void printTable(std::ostream& out, std::string_view text, std::size_t most);
