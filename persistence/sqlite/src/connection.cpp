#include "connection.hpp"

#include <sqlite3.h>

namespace mooring::sqlite {

Connection::Connection(std::filesystem::path path, std::chrono::milliseconds busyTimeout)
    : path_(std::move(path)), busyTimeout_(busyTimeout), database_(path_.string(), SQLite::OPEN_READWRITE) {
  database_.setBusyTimeout(static_cast<int>(busyTimeout_.count()));
  // SQLite opens a file that it may not write for reading alone, and says nothing.
  if (sqlite3_db_readonly(database_.getHandle(), "main") == 1) {
    throw SQLite::Exception("opened for reading alone", SQLITE_READONLY);
  }
}

void Connection::tidyOnClose(bool tidy) {
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, tidy ? 0 : 1, nullptr);
}

void Connection::configure() {
  const auto until = std::chrono::steady_clock::now() + busyTimeout_;
  while (true) {
    // The switch to WAL does not wait for others that are just doing the same: it is refused at once.
    try {
      const auto mode = database_.execAndGet("PRAGMA journal_mode = WAL").getString();
      if (mode != "wal")
        throw SQLite::Exception("this file system cannot hold a write-ahead log", SQLITE_CANTOPEN);
      break;
    } catch (const SQLite::Exception& thrown) {
      if (thrown.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() >= until) throw;
      sqlite3_sleep(5);
    }
  }
  database_.exec("PRAGMA synchronous = FULL");
  database_.exec("PRAGMA foreign_keys = ON");
}

Query Connection::query(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.try_emplace(sql, database_, sql).first;
  return Query(found->second);
}

std::int64_t Connection::changes() const { return sqlite3_total_changes64(database_.getHandle()); }

}  // namespace mooring::sqlite
