// The schema's history. Forward only: a file in migrations/ that has been released never changes.
#pragma once

#include <span>
#include <string_view>

namespace mooring::sqlite {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

/// In order of their numbers, which begin at 1 and have no gaps.
std::span<const Migration> migrations();

}  // namespace mooring::sqlite
