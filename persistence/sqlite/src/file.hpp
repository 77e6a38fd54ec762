// The database's file before SQLite sees it.
#pragma once

#include <mooring/error.hpp>

#include <filesystem>

namespace mooring::sqlite {

/// Makes the file if it is missing, empty and private from its first moment, and its directories.
/// Errors: storeFailed, saying what cannot be made and why.
Result<void> makeFile(const std::filesystem::path& path);

/// Refuses what SQLite would only fail on later, or open for reading alone. Changes nothing. Errors:
/// storeFailed.
Result<void> checkUsable(const std::filesystem::path& path);

}  // namespace mooring::sqlite
