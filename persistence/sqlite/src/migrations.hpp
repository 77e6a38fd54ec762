// The schema's history. Forward only: a file in migrations/ that has been released never changes.
#pragma once

#include "connection.hpp"

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

/// Refuses a database that this library must not write to: another program's, or one with a newer schema.
/// Reads only. Errors: storeFailed.
Result<void> checkOurs(Connection& connection, std::span<const Migration> known);

/// Applies what is missing, each in one transaction. Several processes may do so at once: whoever comes
/// second finds the work done. Errors: storeFailed (a schema newer than `known`).
Result<void> migrate(Connection& connection, std::span<const Migration> known, Timestamp now);

}  // namespace mooring::sqlite
