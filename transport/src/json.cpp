#include <mooring/http/json.hpp>

#include <boost/json/parse_options.hpp>
#include <boost/json/stream_parser.hpp>

#include <cmath>

namespace json = boost::json;

namespace mooring::http {

Result<json::value> parseJson(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.size) {
    return failure(Errc::corrupted, "unreadable JSON: longer than " + std::to_string(limits.size) + " bytes");
  }
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(limits.depth);
  json::stream_parser parser({}, options);
  boost::system::error_code problem;
  const auto used = parser.write_some(text.data(), text.size(), problem);
  if (!problem && used < text.size()) problem = json::error::extra_data;
  if (!problem) parser.finish(problem);
  if (problem) {
    return failure(Errc::corrupted,
                   text.empty()
                       ? "unreadable JSON: there is none"
                       : "unreadable JSON: " + problem.message() + " near byte " + std::to_string(used));
  }
  return parser.release();
}

namespace detail {

std::string kindOf(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a bool";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "unknown";
}

void decodeInto(const json::value& value, bool& out, JsonProblem& problem) {
  if (!value.is_bool()) return problem.report("is " + kindOf(value) + ", not a bool");
  out = value.get_bool();
}

void decodeInto(const json::value& value, std::string& out, JsonProblem& problem) {
  if (!value.is_string()) return problem.report("is " + kindOf(value) + ", not a string");
  out.assign(value.get_string().data(), value.get_string().size());
}

void decodeInto(const json::value& value, double& out, JsonProblem& problem) {
  if (!value.is_number()) return problem.report("is " + kindOf(value) + ", not a number");
  out = value.to_number<double>();
}

void decodeInto(const json::value& value, json::value& out, JsonProblem&) { out = value; }

std::optional<std::int64_t> integerWithin(const json::value& value,
                                          std::int64_t least,
                                          std::uint64_t greatest) {
  if (value.is_int64()) {
    const auto number = value.get_int64();
    if (number < least || (number > 0 && static_cast<std::uint64_t>(number) > greatest)) return std::nullopt;
    return number;
  }
  if (value.is_uint64()) {  // Beyond int64; the caller's cast brings the bits back.
    const auto number = value.get_uint64();
    return number > greatest ? std::nullopt : std::optional(static_cast<std::int64_t>(number));
  }
  if (value.is_double()) {
    constexpr double exact = 9007199254740992.0;
    const double number = value.get_double();
    if (std::trunc(number) != number || std::abs(number) > exact) return std::nullopt;
    return integerWithin(json::value(static_cast<std::int64_t>(number)), least, greatest);
  }
  return std::nullopt;
}

}  // namespace detail

}  // namespace mooring::http
