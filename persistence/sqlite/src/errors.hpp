// What SQLite throws, as an Error.
#pragma once

#include <mooring/error.hpp>

#include <SQLiteCpp/Exception.h>

#include <exception>
#include <filesystem>
#include <string>

namespace mooring::sqlite {

/// One clear line: which file, what is wrong, what to do.
Error errorFrom(const SQLite::Exception& thrown, const std::filesystem::path& path);

/// Thrown inside the store by code that reads rows; never leaves it.
struct BadRow {
  std::string what;
};

/// Calls `work`, which may throw, and returns its Result.
template <class Work>
auto caught(const std::filesystem::path& path, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& thrown) {
    return std::unexpected(errorFrom(thrown, path));
  } catch (const BadRow& row) {
    return failure(Errc::corrupted, "database " + path.string() + ": " + row.what);
  } catch (const std::exception& thrown) {
    return failure(Errc::storeFailed, "database " + path.string() + ": " + thrown.what());
  }
}

}  // namespace mooring::sqlite
