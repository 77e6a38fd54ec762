// One use of a prepared statement.
#pragma once

#include <mooring/sources.hpp>

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>

namespace mooring::sqlite {

/// Gives the statement back when it goes out of scope: an open cursor would hold a read transaction, and with
/// it the write-ahead log. Members throw SQLite::Exception.
class Query {
 public:
  explicit Query(SQLite::Statement& statement) : statement_(statement) {}
  ~Query() {
    statement_.tryReset();
    statement_.clearBindings();
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(const char* name, const std::string& text) {
    statement_.bind(name, text);
    return *this;
  }
  Query& bind(const char* name, std::int64_t number) {
    statement_.bind(name, number);
    return *this;
  }
  Query& bind(const char* name, Timestamp at) {
    return bind(name, std::int64_t{at.time_since_epoch().count()});
  }
  template <class T>
  Query& bind(const char* name, const std::optional<T>& value) {
    if (value) return bind(name, *value);
    statement_.bind(name);
    return *this;
  }
  Query& bindBytes(const char* name, const std::string& bytes) {
    statement_.bind(name, bytes.data(), static_cast<int>(bytes.size()));
    return *this;
  }

  /// The next row; false at the end.
  bool next() { return statement_.executeStep(); }
  /// Runs a statement without rows, and returns how many it changed.
  int run() { return statement_.exec(); }
  SQLite::Column column(const char* name) { return statement_.getColumn(name); }

 private:
  SQLite::Statement& statement_;
};

}  // namespace mooring::sqlite
