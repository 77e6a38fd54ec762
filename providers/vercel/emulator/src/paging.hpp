// Lists, page by page.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/emulation/strict.hpp>

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::vercel::emulated {

inline constexpr std::int64_t usualPage = 20;
inline constexpr std::int64_t largestPage = 50;

template <class T>
struct Page {
  std::vector<T> items = {};
  boost::json::object pagination = {};
};

/// "asc" or "desc"; the latter where nothing is said. Errors: 400.
inline Result<bool> isDescending(const emulation::Request& request) {
  const auto order = request.queryValue("sortOrder").value_or("desc");
  if (order == "asc" || order == "desc") return order == "desc";
  return emulation::refused(400, "Invalid request: `sortOrder` must be one of: asc, desc");
}

/// A number as a text that sorts as it does.
inline std::string sortable(std::int64_t number) {
  const auto digits = std::to_string(std::max<std::int64_t>(number, 0));
  return std::string(19 - std::min<std::size_t>(digits.size(), 19), '0') + digits;
}

/// The page that the request's limit, cursor and sortOrder mean, by `keyOf(item)`, which is unique. A cursor
/// is the key of the last item before the page, so that pages do not shift when items come and go. Errors:
/// 400.
template <class T, class KeyOf>
Result<Page<T>> pageOf(std::vector<T> items, const emulation::Request& request, KeyOf keyOf) {
  const auto descending = isDescending(request);
  if (!descending) return std::unexpected(descending.error());
  std::int64_t limit = usualPage;
  if (const auto text = request.queryValue("limit")) {
    const auto number = emulation::parseInteger("`limit`", *text, 1, largestPage);
    if (!number) return std::unexpected(number.error());
    limit = *number;
  }
  std::ranges::sort(items, std::ranges::less(), keyOf);
  if (*descending) std::ranges::reverse(items);
  if (const auto cursor = request.queryValue("cursor")) {
    std::erase_if(items, [&](const T& item) {
      const auto key = keyOf(item);
      return *descending ? key >= *cursor : key <= *cursor;
    });
  }
  const auto total = static_cast<std::int64_t>(items.size());
  Page<T> page;
  items.resize(static_cast<std::size_t>(std::min(limit, total)));
  page.pagination["count"] = items.size();
  page.pagination["next"] = nullptr;
  if (total > limit) page.pagination["next"] = keyOf(items.back());
  page.items = std::move(items);
  return page;
}

}  // namespace mooring::vercel::emulated
