// One table per enum is the only place where its text is written; toString and parse are both read from it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mooring::detail {

/// Specialise with `static constexpr std::array entries{std::pair{E::x, std::string_view("x")}, …}`.
template <class E>
struct EnumText;

template <class E>
concept NamedEnum = requires { EnumText<E>::entries; };

}  // namespace mooring::detail

namespace mooring {

/// The text of `value`, spelled as in JSON, SQL and on the command line.
template <detail::NamedEnum E>
constexpr std::string_view toString(E value) {
  for (const auto& [known, text] : detail::EnumText<E>::entries) {
    if (known == value) return text;
  }
  return "unknown";
}

/// The value named `text`, or nothing when no value has that name.
template <detail::NamedEnum E>
constexpr std::optional<E> parseEnum(std::string_view text) {
  for (const auto& [value, known] : detail::EnumText<E>::entries) {
    if (known == text) return value;
  }
  return std::nullopt;
}

/// All names of `E`, comma separated: for "… is not one of: a, b, c" in error messages.
template <detail::NamedEnum E>
std::string enumChoices() {
  std::string out;
  for (const auto& [value, text] : detail::EnumText<E>::entries) {
    if (!out.empty()) out += ", ";
    out += text;
  }
  return out;
}

}  // namespace mooring
