// One SQLite connection with mooring's settings and schema.
#pragma once

#include <mooring/sqlite/store.hpp>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace mooring::sqlite {

/// Threads: one at a time; the store holds a mutex. Members throw SQLite::Exception.
class Connection {
 public:
  /// Errors: as openStore.
  static Result<std::unique_ptr<Connection>> open(const StoreOptions& options);

  /// A prepared statement, kept for the next time. It is reset and holds no bindings.
  SQLite::Statement& prepared(const char* sql);
  SQLite::Database& database() { return database_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Runs `work` in one write transaction, which is taken back unless `work` returns a value.
  template <class Work>
  auto write(Work work) -> decltype(work()) {
    prepared("BEGIN IMMEDIATE").exec();
    Rollback rollback(*this);
    auto result = work();
    if (!result) return result;
    prepared("COMMIT").exec();
    rollback.armed = false;
    ++commits_;
    return result;
  }
  [[nodiscard]] std::int64_t commits() const { return commits_; }

 private:
  struct Rollback {
    explicit Rollback(Connection& c) : connection(c) {}
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    ~Rollback();
    Connection& connection;
    bool armed = true;
  };

  explicit Connection(const StoreOptions& options);
  void configure(const StoreOptions& options);
  Result<void> migrate();

  std::filesystem::path path_;
  SQLite::Database database_;
  std::map<std::string, SQLite::Statement, std::less<>> statements_;
  std::int64_t commits_ = 0;
};

}  // namespace mooring::sqlite
