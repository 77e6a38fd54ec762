// One SQLite connection with mooring's settings.
#pragma once

#include <mooring/error.hpp>

#include "query.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace mooring::sqlite {

/// Threads: one at a time; the store holds a mutex. Members throw SQLite::Exception.
class Connection {
 public:
  /// Opens a file that exists. Nothing is read and nothing is changed yet.
  Connection(std::filesystem::path path, std::chrono::milliseconds busyTimeout);

  /// While this is off, closing leaves a log that others left behind as it is. On: closing tidies up, as
  /// usual.
  void tidyOnClose(bool tidy);
  /// Write-ahead log, durable commits, foreign keys.
  void configure();

  /// A prepared statement, kept for the next time.
  Query query(const std::string& sql);
  SQLite::Database& database() { return database_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Runs `work` in one write transaction, which is taken back unless `work` returns a value.
  template <class Work>
  auto write(Work work) -> decltype(work()) {
    const auto before = changes();
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    auto result = work();
    if (!result || changes() == before) return result;
    transaction.commit();
    ++commits_;
    return result;
  }
  /// Transactions that changed something.
  [[nodiscard]] std::int64_t commits() const { return commits_; }

 private:
  std::int64_t changes() const;

  std::filesystem::path path_;
  std::chrono::milliseconds busyTimeout_;
  SQLite::Database database_;
  std::map<std::string, SQLite::Statement, std::less<>> statements_;
  std::int64_t commits_ = 0;
};

}  // namespace mooring::sqlite
