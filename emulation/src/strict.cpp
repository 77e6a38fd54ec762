#include <mooring/emulation/strict.hpp>

#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <charconv>

namespace mooring::emulation {

namespace json = boost::json;

namespace {

std::optional<std::int64_t> wholeNumber(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64() &&
      value.get_uint64() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(value.get_uint64());
  }
  if (value.is_double()) {
    const double number = value.get_double();
    constexpr double exact = 9007199254740992.0;
    if (number >= -exact && number <= exact &&
        number == static_cast<double>(static_cast<std::int64_t>(number))) {
      return static_cast<std::int64_t>(number);
    }
  }
  return std::nullopt;
}

std::string rangeText(std::int64_t least, std::int64_t most) {
  return "must be an integer from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

Result<json::value> parseBody(std::string_view body) {
  boost::system::error_code problem;
  json::stream_parser parser;
  const auto used = parser.write_some(body.data(), body.size(), problem);
  if (!problem && !parser.done()) parser.finish(problem);
  if (!problem && body.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    problem = json::error::extra_data;
  }
  if (problem) {
    return refused(400, "the body is not JSON: " + problem.message() + " at byte " + std::to_string(used));
  }
  return parser.release();
}

Result<json::object> parseObject(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
  auto value = parseBody(body);
  if (!value) return std::unexpected(std::move(value).error());
  if (!value->is_object()) return refused(400, "the body must be a JSON object");
  return std::move(value->get_object());
}

Result<std::int64_t> parseInteger(std::string_view name,
                                  std::string_view text,
                                  std::int64_t least,
                                  std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return refused(400, std::string(name) + " " + rangeText(least, most));
  }
  return number;
}

Result<bool> parseFlag(std::string_view name, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return refused(400, std::string(name) + " must be true or false");
}

void Members::refuse(std::string_view name, std::string_view what) {
  if (problem_.empty()) problem_ = path_ + std::string(name) + " " + std::string(what);
}

const json::value* Members::look(std::string_view name, bool required) {
  seen_.emplace_back(name);
  const auto* value = object_.if_contains(name);
  if (value != nullptr && value->is_null()) value = nullptr;
  if (value == nullptr && required) refuse(name, "is missing");
  return value;
}

std::string Members::text(std::string_view name) {
  const auto* value = look(name, true);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  refuse(name, "must be a string");
  return {};
}

std::optional<std::string> Members::optionalText(std::string_view name) {
  const auto* value = look(name, false);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  refuse(name, "must be a string");
  return std::nullopt;
}

std::optional<std::string> Members::optionalChoice(std::string_view name,
                                                   const std::vector<std::string_view>& choices) {
  auto value = optionalText(name);
  if (!value || std::ranges::find(choices, *value) != choices.end()) return value;
  std::string all;
  for (const auto choice : choices)
    all += (all.empty() ? "" : ", ") + std::string(choice);
  refuse(name, "must be one of: " + all);
  return std::nullopt;
}

std::int64_t Members::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  if (look(name, true) == nullptr) return least;
  return optionalInteger(name, least, most).value_or(least);
}

std::optional<std::int64_t> Members::optionalInteger(std::string_view name,
                                                     std::int64_t least,
                                                     std::int64_t most) {
  const auto* value = look(name, false);
  if (value == nullptr) return std::nullopt;
  const auto number = wholeNumber(*value);
  if (number && *number >= least && *number <= most) return number;
  refuse(name, rangeText(least, most));
  return std::nullopt;
}

std::optional<double> Members::optionalNumber(std::string_view name) {
  const auto* value = look(name, false);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  refuse(name, "must be a number");
  return std::nullopt;
}

std::optional<bool> Members::optionalFlag(std::string_view name) {
  const auto* value = look(name, false);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  refuse(name, "must be a boolean");
  return std::nullopt;
}

std::optional<std::map<std::string, std::string>> Members::optionalTexts(std::string_view name) {
  const auto* object = optionalObject(name);
  if (object == nullptr) return std::nullopt;
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : *object) {
    if (value.is_string()) {
      texts.emplace(std::string(key), std::string(value.get_string()));
    } else {
      refuse(std::string(name) + "." + std::string(key), "must be a string");
    }
  }
  return texts;
}

std::optional<std::vector<std::string>> Members::optionalTextList(std::string_view name) {
  const auto* array = optionalArray(name);
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& value : *array) {
    if (value.is_string()) {
      texts.emplace_back(value.get_string());
    } else {
      refuse(name, "must be an array of strings");
    }
  }
  return texts;
}

const json::object* Members::optionalObject(std::string_view name) {
  const auto* value = look(name, false);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  refuse(name, "must be an object");
  return nullptr;
}

const json::array* Members::optionalArray(std::string_view name) {
  const auto* value = look(name, false);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  refuse(name, "must be an array");
  return nullptr;
}

Result<void> Members::done() {
  for (const auto& member : object_) {
    const auto known = std::ranges::find(seen_, std::string_view(member.key()));
    if (known == seen_.end()) refuse(std::string_view(member.key()), "is unknown");
  }
  if (problem_.empty()) return {};
  return refused(400, problem_);
}

}  // namespace mooring::emulation
