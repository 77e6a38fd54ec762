/// JSON bodies into structs, with errors that name the place.
#pragma once

#include <mooring/detail/enum_text.hpp>
#include <mooring/error.hpp>
#include <mooring/http/response.hpp>

#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mooring::http {

struct JsonLimits {
  std::size_t size = std::size_t{16} * 1024 * 1024;
  int depth = 64;
};

/// Errors: corrupted, with where it stopped making sense; the text is not repeated.
Result<boost::json::value> parseJson(std::string_view text, JsonLimits limits = JsonLimits());

class Fields;

/// A struct is decodable when there is, in its namespace, `void read(mooring::http::Fields& in, T& out)`.
template <class T>
concept ReadableFields = requires(Fields& in, T& out) { read(in, out); };

namespace detail {

/// Where a value is ("$.items[3].id"), and the first thing that was wrong.
struct JsonProblem {
  std::string path = "$";
  std::optional<std::string> message = {};
  void report(std::string what) {
    if (!message) message = path + " " + std::move(what);
  }
};

std::string kindOf(const boost::json::value& value);
void decodeInto(const boost::json::value& value, bool& out, JsonProblem& problem);
void decodeInto(const boost::json::value& value, std::string& out, JsonProblem& problem);
void decodeInto(const boost::json::value& value, double& out, JsonProblem& problem);
void decodeInto(const boost::json::value& value, boost::json::value& out, JsonProblem& problem);
/// Integers, also written as 3.0, within the limits.
std::optional<std::int64_t> integerWithin(const boost::json::value& value,
                                          std::int64_t least,
                                          std::uint64_t greatest);

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T, class Less>
struct IsMap<std::map<std::string, T, Less>> : std::true_type {};

template <class T>
void decodeAny(const boost::json::value& value, T& out, JsonProblem& problem);

}  // namespace detail

/// The members of one JSON object, as `read(Fields&, T&)` sees them. Unknown members are ignored; the first
/// problem is kept and later ones are not looked for.
class Fields {
 public:
  Fields(const boost::json::object& object, detail::JsonProblem& problem)
      : object_(object), problem_(problem) {}

  /// Missing or null is a problem.
  template <class T>
  void required(std::string_view name, T& out) {
    const auto* value = object_.if_contains(name);
    const bool there = value != nullptr && (!value->is_null() || std::same_as<T, boost::json::value>);
    member(name, there ? value : nullptr, out, true);
  }

  /// Missing or null leaves `out` as it is: give it its default, or make it a std::optional.
  template <class T>
  void optional(std::string_view name, T& out) {
    const auto* value = object_.if_contains(name);
    member(name, value != nullptr && !value->is_null() ? value : nullptr, out, false);
  }

  [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }
  [[nodiscard]] const boost::json::object& object() const { return object_; }
  /// For what only the struct's own reader can tell: "has neither id nor name".
  void refuse(std::string what) { problem_.report(std::move(what)); }

 private:
  template <class T>
  void member(std::string_view name, const boost::json::value* value, T& out, bool needed) {
    if (problem_.message) return;
    const auto length = problem_.path.size();
    problem_.path += "." + std::string(name);
    if (value) {
      detail::decodeAny(*value, out, problem_);
    } else if (needed) {
      problem_.report("is missing");
    }
    problem_.path.resize(length);
  }

  const boost::json::object& object_;
  detail::JsonProblem& problem_;
};

namespace detail {

template <class T>
void decodeItems(const boost::json::value& value, std::vector<T>& out, JsonProblem& problem) {
  const auto* array = value.if_array();
  if (!array) return problem.report("is " + kindOf(value) + ", not an array");
  out.clear();
  out.reserve(array->size());
  const auto length = problem.path.size();
  for (std::size_t i = 0; i < array->size() && !problem.message; ++i) {
    problem.path += "[" + std::to_string(i) + "]";
    T item{};
    decodeAny((*array)[i], item, problem);
    out.push_back(std::move(item));
    problem.path.resize(length);
  }
}

template <class Map>
void decodeMembers(const boost::json::value& value, Map& out, JsonProblem& problem) {
  const auto* object = value.if_object();
  if (!object) return problem.report("is " + kindOf(value) + ", not an object");
  out.clear();
  const auto length = problem.path.size();
  for (const auto& member : *object) {
    if (problem.message) return;
    problem.path += "." + std::string(member.key());
    typename Map::mapped_type item{};
    decodeAny(member.value(), item, problem);
    out.emplace(std::string(member.key()), std::move(item));
    problem.path.resize(length);
  }
}

template <class T>
void decodeAny(const boost::json::value& value, T& out, JsonProblem& problem) {
  if constexpr (IsOptional<T>::value) {
    if (value.is_null()) {
      out.reset();
    } else {
      decodeAny(value, out.emplace(), problem);
    }
  } else if constexpr (IsVector<T>::value) {
    decodeItems(value, out, problem);
  } else if constexpr (IsMap<T>::value) {
    decodeMembers(value, out, problem);
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    using Limits = std::numeric_limits<T>;
    const auto number = integerWithin(
        value, static_cast<std::int64_t>(Limits::min()), static_cast<std::uint64_t>(Limits::max()));
    if (!number) return problem.report("is " + kindOf(value) + ", not an integer in range");
    out = static_cast<T>(*number);
  } else if constexpr (ReadableFields<T>) {
    const auto* object = value.if_object();
    if (!object) return problem.report("is " + kindOf(value) + ", not an object");
    Fields fields(*object, problem);
    read(fields, out);
  } else if constexpr (requires(T& t) { decodeInto(value, t, problem); }) {
    decodeInto(value, out, problem);
  } else {
    auto converted = boost::json::try_value_to<T>(value);
    if (!converted) return problem.report("cannot be read: " + converted.error().message());
    out = std::move(*converted);
  }
}

}  // namespace detail

/// `value` as a T: a struct with `read(Fields&, T&)`, a bool, number, string, optional, vector or map with
/// text keys of these, a json::value, or whatever Boost.JSON converts by tag_invoke. Errors: corrupted,
/// naming the place: "$.items[3].id is missing".
template <class T>
Result<T> decodeValue(const boost::json::value& value) {
  detail::JsonProblem problem;
  T out{};
  detail::decodeAny(value, out, problem);
  if (problem.message) return failure(Errc::corrupted, "unreadable JSON: " + *problem.message);
  return out;
}

/// The body of `response` as a T. Errors: corrupted, with the status and the request's id.
template <class T>
Result<T> decode(const Response& response, JsonLimits limits = JsonLimits()) {
  const auto located = [&](Error error) {
    error.httpStatus = response.status;
    error.requestId = response.requestId;
    return std::unexpected(std::move(error));
  };
  auto value = parseJson(response.body, limits);
  if (!value) return located(std::move(value).error());
  auto out = decodeValue<T>(*value);
  if (!out) return located(std::move(out).error());
  return out;
}

}  // namespace mooring::http
