// Reading objects strictly: every key is known, every value has its type, and an error names the path.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::detail {

/// What a whole number may be, both ends included.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
/// A hundred years: more is a mistake, and could not be counted in nanoseconds.
inline constexpr Range durationMs{.least = 0, .most = 100LL * 366 * 24 * 3600 * 1000};
inline constexpr Range amount{.least = 1};
inline constexpr Range port{.least = 1, .most = 65535};

/// Reads one object. The first problem is kept and ends the reading: later reads do nothing.
class JsonReader {
 public:
  JsonReader(const boost::json::value& value, std::string path);

  /// Text: a string. Bytes: a string, or {"base64": "…"} where they are not UTF-8.
  void text(std::string_view key, std::string& out);
  void text(std::string_view key, std::vector<std::string>& out);
  void text(std::string_view key, std::map<std::string, std::string>& out);
  void bytes(std::string_view key, std::string& out);
  void bytes(std::string_view key, std::optional<std::string>& out);
  void bytes(std::string_view key, std::vector<std::string>& out);
  void bytes(std::string_view key, std::map<std::string, std::string>& out);
  /// Permission bits as people write them: "0755". A number would be read as decimal by one and as octal by
  /// another.
  void mode(std::string_view key, std::optional<int>& out);

  void read(std::string_view key, bool& out);
  void read(std::string_view key, boost::json::object& out);
  void read(std::string_view key, std::chrono::milliseconds& out);
  template <std::integral Number>
  void read(std::string_view key, std::optional<Number>& out, Range range) {
    const auto* value = take(key);
    if (value == nullptr) return;
    if (const auto number = whole(*value, at(key), inType<Number>(range))) out = static_cast<Number>(*number);
  }
  template <std::integral Number>
  void read(std::string_view key, std::vector<Number>& out, Range range) {
    each(key, [&](const boost::json::value& item, const std::string& where) {
      if (const auto number = whole(item, where, inType<Number>(range)))
        out.push_back(static_cast<Number>(*number));
    });
  }

  /// An enum by its text.
  template <NamedEnum E>
  void read(std::string_view key, E& out) {
    const auto* value = take(key);
    if (value == nullptr) return;
    if (auto parsed = parseText<E>(*value, at(key))) out = *parsed;
  }
  template <NamedEnum E>
  void read(std::string_view key, std::vector<E>& out) {
    each(key, [&](const boost::json::value& item, const std::string& where) {
      if (auto parsed = parseText<E>(item, where)) out.push_back(*parsed);
    });
  }

  /// Calls `element(value, path)` for each element of an array.
  template <class Element>
  void each(std::string_view key, Element element) {
    const auto* value = take(key);
    if (value == nullptr) return;
    const auto* array = value->if_array();
    if (array == nullptr) return refuse(at(key), "must be an array");
    for (std::size_t i = 0; i < array->size() && !error_; ++i) {
      element((*array)[i], at(key) + "[" + std::to_string(i) + "]");
    }
  }

  /// A nested object, when the key is there: `read(JsonReader&)`.
  template <class Read>
  void object(std::string_view key, Read read) {
    const auto* value = take(key);
    if (value == nullptr) return;
    JsonReader nested(*value, at(key));
    read(nested);
    absorb(nested.finish());
  }

  [[nodiscard]] bool has(std::string_view key) const;
  /// A problem that the caller found.
  void refuse(const std::string& where, const std::string& what);
  void absorb(Result<void> nested);

  /// Refuses what was not read, listing what could have been.
  Result<void> finish();

 private:
  template <class Number>
  static Range inType(Range range) {
    return {.least = std::max<std::int64_t>(range.least, std::numeric_limits<Number>::min()),
            .most = std::min<std::int64_t>(range.most, std::numeric_limits<Number>::max())};
  }
  std::optional<std::int64_t> whole(const boost::json::value& value, const std::string& where, Range range);
  std::optional<std::string> textOf(const boost::json::value& value, const std::string& where);
  std::optional<std::string> bytesOf(const boost::json::value& value, const std::string& where);
  template <class Convert>
  void list(std::string_view key, std::vector<std::string>& out, Convert convert);
  template <class Convert>
  void members(std::string_view key, std::map<std::string, std::string>& out, Convert convert);

  const boost::json::value* take(std::string_view key);
  [[nodiscard]] std::string at(std::string_view key) const;

  template <NamedEnum E>
  std::optional<E> parseText(const boost::json::value& value, const std::string& where) {
    const auto* text = value.if_string();
    const auto parsed = text != nullptr ? parseEnum<E>(std::string_view(*text)) : std::nullopt;
    if (!parsed) refuse(where, "must be one of: " + enumChoices<E>());
    return parsed;
  }

  const boost::json::object* object_ = nullptr;
  std::string path_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace mooring::detail
