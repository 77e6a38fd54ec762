#include <mooring/detail/base64.hpp>
#include <mooring/detail/json_text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/locale/utf.hpp>

#include <charconv>
#include <cmath>
#include <vector>

namespace json = boost::json;

namespace mooring::detail {
namespace {

/// What the parser calls, in order; builds the value bottom up.
class Builder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names that boost::json::basic_parser calls.
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  using error_code = json::error_code;
  bool on_document_begin(error_code& /*ec*/) { return true; }
  bool on_document_end(error_code& /*ec*/) { return true; }
  bool on_array_begin(error_code& /*ec*/) { return open(); }
  bool on_array_end(std::size_t count, error_code& /*ec*/) {
    json::array array;
    array.reserve(count);
    for (std::size_t i = values_.size() - count; i < values_.size(); ++i)
      array.push_back(std::move(values_[i]));
    values_.resize(values_.size() - count);
    return add(std::move(array));
  }
  bool on_object_begin(error_code& /*ec*/) { return open(); }
  bool on_object_end(std::size_t count, error_code& /*ec*/) {
    json::object object;
    object.reserve(count);
    const auto firstValue = values_.size() - count;
    const auto firstKey = keys_.size() - count;
    for (std::size_t i = 0; i < count; ++i) {
      object.insert_or_assign(keys_[firstKey + i], std::move(values_[firstValue + i]));
    }
    values_.resize(firstValue);
    keys_.resize(firstKey);
    return add(std::move(object));
  }
  bool on_string_part(std::string_view part, std::size_t /*size*/, error_code& /*ec*/) { return keep(part); }
  bool on_string(std::string_view part, std::size_t /*size*/, error_code& /*ec*/) {
    keep(part);
    return add(json::string(take()));
  }
  bool on_key_part(std::string_view part, std::size_t /*size*/, error_code& /*ec*/) { return keep(part); }
  bool on_key(std::string_view part, std::size_t /*size*/, error_code& /*ec*/) {
    keep(part);
    keys_.push_back(take());
    return true;
  }
  bool on_number_part(std::string_view part, error_code& /*ec*/) { return keep(part); }
  bool on_int64(std::int64_t number, std::string_view /*part*/, error_code& /*ec*/) {
    take();
    return add(number);
  }
  bool on_uint64(std::uint64_t number, std::string_view /*part*/, error_code& /*ec*/) {
    take();
    return add(number);
  }
  bool on_double(double /*inexact*/, std::string_view part, error_code& ec) {
    keep(part);
    const auto text = take();
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range) {
      number = std::abs(std::strtod(text.c_str(), nullptr)) > 1 ? HUGE_VAL : 0;
    }
    if (end != text.data() + text.size() || !std::isfinite(number)) {
      ec = json::error::exponent_overflow;
      return false;
    }
    return add(number);
  }
  bool on_bool(bool value, error_code& /*ec*/) { return add(value); }
  bool on_null(error_code& /*ec*/) { return add(nullptr); }
  bool on_comment_part(std::string_view /*part*/, error_code& /*ec*/) { return true; }
  bool on_comment(std::string_view /*part*/, error_code& /*ec*/) { return true; }
  // NOLINTEND(readability-identifier-naming)

  json::value result() { return std::move(values_.back()); }

 private:
  bool open() { return true; }
  bool keep(std::string_view part) {
    text_ += part;
    return true;
  }
  std::string take() { return std::exchange(text_, std::string()); }
  template <class T>
  bool add(T&& value) {
    values_.emplace_back(std::forward<T>(value));
    return true;
  }

  std::vector<json::value> values_;
  std::vector<std::string> keys_;
  std::string text_;
};

Result<void> unstorable(const std::string& path, const std::string& why) {
  return failure(Errc::invalidArgument, path + " " + why);
}

Result<void> checkStorableAt(const json::value& value, const std::string& path, std::size_t depth) {
  if (depth > maxJsonDepth) {
    return unstorable(path, "is nested deeper than " + std::to_string(maxJsonDepth) + " levels");
  }
  if (const auto* text = value.if_string(); text != nullptr && !isUtf8(*text)) {
    return unstorable(path, "is not UTF-8 text; encode the bytes, for example in base64");
  }
  if (const auto* number = value.if_double(); number != nullptr && !std::isfinite(*number)) {
    return unstorable(path, "is not a finite number, which JSON cannot hold");
  }
  if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (auto checked = checkStorableAt((*array)[i], path + "[" + std::to_string(i) + "]", depth + 1);
          !checked) {
        return checked;
      }
    }
  }
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string_view key = member.key();
      if (!isUtf8(key)) return unstorable(path, "has a key that is not UTF-8 text");
      if (auto checked = checkStorableAt(member.value(), path + "." + std::string(key), depth + 1);
          !checked) {
        return checked;
      }
    }
  }
  return {};
}

}  // namespace

bool isUtf8(std::string_view bytes) {
  namespace utf = boost::locale::utf;
  for (const char* at = bytes.begin(); at != bytes.end();) {
    const auto point = utf::utf_traits<char>::decode(at, bytes.end());
    if (point == utf::illegal || point == utf::incomplete) return false;
  }
  return true;
}

json::value bytesToJson(std::string_view bytes) {
  if (isUtf8(bytes)) return json::value(bytes);
  return json::object{{"base64", encodeBase64(bytes)}};
}

std::optional<std::string> bytesFromJson(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  const auto* object = value.if_object();
  if (object == nullptr || object->size() != 1) return std::nullopt;
  const auto* encoded = object->if_contains("base64");
  if (encoded == nullptr || !encoded->is_string()) return std::nullopt;
  return decodeBase64(encoded->get_string());
}

Result<json::value> parseJsonText(std::string_view text) {
  json::parse_options options;
  options.max_depth = maxJsonDepth + 8;  // What is stored wraps what a caller gave in a few levels.
  json::basic_parser<Builder> parser(options);
  json::error_code ec;
  const auto used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = json::error::extra_data;
  if (ec) return failure(Errc::corrupted, "not JSON at byte " + std::to_string(used) + ": " + ec.message());
  return parser.handler().result();
}

Result<void> checkStorable(const json::value& value, const std::string& path) {
  return checkStorableAt(value, path, 1);
}

}  // namespace mooring::detail
