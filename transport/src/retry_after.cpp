#include <mooring/http/retry_after.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace mooring::http {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds longest = 24h;

bool startsWith(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && sameName(name.substr(0, prefix.size()), prefix);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [stop, problem] = std::from_chars(
      text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || problem != std::errc() || stop != text.data() + text.size() ||
      !(value >= 0 && value < 1e18))
    return std::nullopt;
  return value;
}

milliseconds limited(milliseconds wait) { return std::clamp(wait, milliseconds(0), milliseconds(longest)); }

milliseconds fromSeconds(double seconds) {
  if (seconds > 86400) return longest;
  return limited(milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

std::optional<milliseconds> readRetryAfter(std::string_view value, Timestamp now) {
  if (const auto seconds = decimal(value)) return fromSeconds(*seconds);
  if (const auto date = parseHttpDate(value)) return limited(*date - now);
  return std::nullopt;
}

/// Seconds to go, or the time itself in seconds or milliseconds since 1970: servers differ and do not say.
std::optional<milliseconds> readReset(std::string_view value, Timestamp now) {
  const auto count = decimal(value);
  if (!count) return readRetryAfter(value, now);
  if (*count < 1e9) return fromSeconds(*count);
  const double since1970 = *count < 1e12 ? *count * 1000 : *count;
  if (since1970 > 1e15) return std::nullopt;
  return limited(Timestamp(milliseconds(static_cast<std::int64_t>(since1970))) - now);
}

void widen(std::optional<milliseconds>& wait, std::optional<milliseconds> other) {
  if (other && (!wait || *other > *wait)) wait = other;
}

std::optional<int> monthOf(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin()) + 1;
}

std::optional<Timestamp> timestamp(std::optional<int> year,
                                   std::optional<int> month,
                                   std::optional<int> day,
                                   std::string_view clock) {
  if (!year || !month || !day || clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const auto hours = number(clock.substr(0, 2));
  const auto minutes = number(clock.substr(3, 2));
  const auto seconds = number(clock.substr(6, 2));
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hours) +
         std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

std::vector<std::string_view> words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

}  // namespace

std::optional<Timestamp> parseHttpDate(std::string_view text) {
  const auto parts = words(text, " ,-");
  if (parts.size() == 6 && parts[5] == "GMT") {  // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37
                                                 // GMT
    auto year = number(parts[3]);
    if (year && parts[3].size() == 2) *year += *year < 70 ? 2000 : 1900;
    return timestamp(year, monthOf(parts[2]), number(parts[1]), parts[4]);
  }
  if (parts.size() == 5) {  // Sun Nov  6 08:49:37 1994
    return timestamp(number(parts[4]), monthOf(parts[1]), number(parts[2]), parts[3]);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> retryAfterOf(const Response& response, Timestamp now) {
  constexpr std::string_view retryAfter = "Retry-After";
  constexpr std::string_view reset = "X-RateLimit-Reset";
  constexpr std::string_view remaining = "X-RateLimit-Remaining";
  std::optional<milliseconds> wait;
  for (const auto& [name, value] : response.headers) {
    if (sameName(name, retryAfter) || startsWith(name, std::string(retryAfter) + "-")) {
      widen(wait, readRetryAfter(value, now));
    }
  }
  if (wait || response.status != 429) return wait;
  for (const auto& [name, value] : response.headers) {
    if (!sameName(name, reset) && !startsWith(name, std::string(reset) + "-")) continue;
    const auto bucket = name.substr(reset.size());
    const auto left = response.headers.get(std::string(remaining) + bucket);
    const auto count = left ? decimal(*left) : std::nullopt;
    if (count && *count > 0) continue;
    widen(wait, readReset(value, now));
  }
  return wait;
}

}  // namespace mooring::http
