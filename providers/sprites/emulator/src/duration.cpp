#include "duration.hpp"

#include <mooring/emulation/message.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace mooring::sprites::emulated {

namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};

constexpr std::array units = {
    Unit{"ns", 1e-6}, Unit{"us", 1e-3}, Unit{"ms", 1}, Unit{"s", 1e3}, Unit{"m", 6e4}, Unit{"h", 3.6e6}};
constexpr double longest = 1e12;

}  // namespace

Result<std::chrono::milliseconds> parseDuration(std::string_view name, std::string_view text) {
  const auto wrong = [&]() -> Result<std::chrono::milliseconds> {
    return emulation::refused(400, "invalid " + std::string(name) + " \"" + std::string(text) + "\"");
  };
  if (text == "0") return std::chrono::milliseconds(0);
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    double number = 0;
    const auto parsed = std::from_chars(
        rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (parsed.ec != std::errc() || number < 0) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
    const auto length = std::min(rest.find_first_of("0123456789."), rest.size());
    const auto unit = std::ranges::find(units, rest.substr(0, length), &Unit::name);
    if (unit == units.end()) return wrong();
    total += number * unit->milliseconds;
    rest.remove_prefix(length);
  }
  if (text.empty() || total > longest) return wrong();
  return std::chrono::milliseconds(static_cast<std::int64_t>(total));
}

}  // namespace mooring::sprites::emulated
