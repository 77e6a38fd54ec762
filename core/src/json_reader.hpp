// Reading objects strictly: every key is known, every value has its type, and an error names the path.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::detail {

/// Reads one object. The first problem is kept and ends the reading: later reads do nothing.
class JsonReader {
 public:
  JsonReader(const boost::json::value& value, std::string path);

  void read(std::string_view key, std::string& out);
  void read(std::string_view key, bool& out);
  void read(std::string_view key, int& out);
  void read(std::string_view key, std::int64_t& out);
  void read(std::string_view key, std::optional<int>& out);
  void read(std::string_view key, std::optional<std::int64_t>& out);
  void read(std::string_view key, std::optional<std::string>& out);
  void read(std::string_view key, std::vector<std::string>& out);
  void read(std::string_view key, std::vector<int>& out);
  void read(std::string_view key, std::map<std::string, std::string>& out);
  void read(std::string_view key, boost::json::object& out);

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
