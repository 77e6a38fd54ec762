// The SQL of listing and counting. Apart, so that tests can ask SQLite how it would run each of them.
#pragma once

#include <mooring/store.hpp>

#include "query.hpp"

#include <string>

namespace mooring::sqlite {

/// "SELECT … WHERE … ORDER BY sandboxId DESC LIMIT :limit", after :cursor when there is one.
std::string listSql(const RecordFilter& filter, bool hasCursor);
std::string countSql(const RecordFilter& filter);
void bindFilter(Query& query, const RecordFilter& filter);

}  // namespace mooring::sqlite
