#include "errors.hpp"

#include <sqlite3.h>

namespace mooring::sqlite {

Error errorFrom(const SQLite::Exception& thrown, const std::filesystem::path& path) {
  const std::string file = "database " + path.string();
  switch (thrown.getErrorCode() & 0xff) {  // The upper bits are SQLite's own finer distinctions.
    case SQLITE_NOTADB:
      return makeError(Errc::storeFailed,
                       file + " is not a SQLite database; name another file, or move it away");
    case SQLITE_CORRUPT:
      return makeError(
          Errc::corrupted,
          file + " is damaged (" + thrown.what() + "); restore it from a backup, or try sqlite3's .recover");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
      auto error = makeError(Errc::storeFailed, file + " is kept locked by another process; try again");
      error.transience = Transience::temporary;
      return error;
    }
    case SQLITE_READONLY:
      return makeError(Errc::storeFailed, file + " is read-only; make it and its directory writable");
    case SQLITE_FULL:
      return makeError(Errc::storeFailed,
                       file + " cannot grow because the disk is full; make room and try again");
    case SQLITE_CANTOPEN:
      return makeError(Errc::storeFailed, file + " cannot be opened; check its directory and permissions");
    case SQLITE_IOERR:
      return makeError(
          Errc::storeFailed,
          file + " cannot be read or written (" + thrown.what() + "); check the disk and its free space");
    case SQLITE_TOOBIG:
      return makeError(Errc::invalidArgument, file + " cannot hold a value of this size");
    default:
      return makeError(Errc::storeFailed, file + ": " + thrown.what());
  }
}

}  // namespace mooring::sqlite
