#include <mooring/http/headers.hpp>

#include <algorithm>

namespace mooring::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

/// Takes one `name=value` from the front of `rest`; values may be quoted.
std::pair<std::string_view, std::string> takeParameter(std::string_view& rest) {
  const auto equals = rest.find_first_of("=;");
  const auto name = trimmed(rest.substr(0, equals));
  if (equals == std::string_view::npos || rest[equals] == ';') {
    rest.remove_prefix(equals == std::string_view::npos ? rest.size() : equals + 1);
    return {name, {}};
  }
  rest.remove_prefix(equals + 1);
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
    rest.remove_prefix(1);
  std::string value;
  if (!rest.empty() && rest.front() == '"') {
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      value += rest.front();
      rest.remove_prefix(1);
    }
    const auto next = rest.find(';');
    rest.remove_prefix(next == std::string_view::npos ? rest.size() : next + 1);
  } else {
    const auto next = rest.find(';');
    value = trimmed(rest.substr(0, next));
    rest.remove_prefix(next == std::string_view::npos ? rest.size() : next + 1);
  }
  return {name, std::move(value)};
}

}  // namespace

bool sameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [known, value] : fields_) {
    if (sameName(known, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [known, value] : fields_) {
    if (sameName(known, name)) values.emplace_back(value);
  }
  return values;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return sameName(field.first, name); });
}

std::string mediaType(std::string_view contentType) {
  std::string type(trimmed(contentType.substr(0, contentType.find(';'))));
  std::ranges::transform(type, type.begin(), lower);
  return type;
}

std::optional<std::string> parameter(std::string_view value, std::string_view name) {
  const auto first = value.find(';');
  if (first == std::string_view::npos) return std::nullopt;
  auto rest = value.substr(first + 1);
  while (!rest.empty()) {
    auto [known, text] = takeParameter(rest);
    if (sameName(known, name)) return std::move(text);
  }
  return std::nullopt;
}

}  // namespace mooring::http
