#include "filters.hpp"

#include "rows.hpp"

namespace mooring::sqlite {
namespace {

/// Each combination has an index that begins with these columns and ends in sandboxId.
std::string whereOf(const RecordFilter& filter, bool hasCursor) {
  std::string where;
  const auto add = [&where](bool wanted, const char* condition) {
    if (wanted) where += std::string(where.empty() ? " WHERE " : " AND ") + condition;
  };
  add(filter.purpose.has_value(), "purpose = :purpose");
  add(filter.provider.has_value(), "provider = :provider");
  add(filter.status.has_value(), "status = :status");
  add(hasCursor, "sandboxId < :cursor");
  return where;
}

}  // namespace

std::string listSql(const RecordFilter& filter, bool hasCursor) {
  return std::string("SELECT ") + recordColumns + " FROM sandboxes" + whereOf(filter, hasCursor) +
         " ORDER BY sandboxId DESC LIMIT :limit";
}

std::string countSql(const RecordFilter& filter) {
  return "SELECT count(*) AS count FROM sandboxes" + whereOf(filter, false);
}

void bindFilter(Query& query, const RecordFilter& filter) {
  if (filter.purpose) query.bind(":purpose", *filter.purpose);
  if (filter.provider) query.bind(":provider", *filter.provider);
  if (filter.status) query.bind(":status", std::string(toString(*filter.status)));
}

}  // namespace mooring::sqlite
