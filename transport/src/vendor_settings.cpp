#include <mooring/http/url.hpp>
#include <mooring/http/vendor_settings.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace mooring::http {

Result<ApiAddress> readAddress(const Vendor& vendor,
                               const Settings& settings,
                               std::span<const char* const> names,
                               const char* cloud) {
  ApiAddress out{.url = cloud, .from = "the built-in address"};
  for (const char* name : names) {
    if (const auto url = settings.get(name)) {
      out = {.url = *url, .from = name};
      break;
    }
  }
  const auto parsed = parseUrl(out.url);
  if (!parsed || !(parsed->scheme == "http" || parsed->scheme == "https") || !parsed->query().empty()) {
    return refusal(vendor,
                   Errc::invalidArgument,
                   out.from + " is not the address of a " + std::string(vendor.name) +
                       " API: write it like " + cloud + (parsed ? "" : " (" + parsed.error().message + ")"));
  }
  while (out.url.ends_with('/'))
    out.url.pop_back();
  return out;
}

Result<void> readSwitch(const Vendor& vendor, const Settings& settings, const char* name, bool& out) {
  auto value = settings.get(name);
  if (!value) return {};
  std::ranges::transform(
      *value, value->begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 4> yes = {"1", "true", "yes", "on"};
  static constexpr std::array<std::string_view, 4> no = {"0", "false", "no", "off"};
  const bool on = std::ranges::find(yes, *value) != yes.end();
  if (!on && std::ranges::find(no, *value) == no.end())
    return refusal(vendor, Errc::invalidArgument, std::string(name) + " must be 1 or 0");
  out = on;
  return {};
}

std::string namesOfSet(const Settings& settings, std::span<const char* const> names) {
  std::string out;
  for (const char* name : names) {
    if (settings.get(name)) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

}  // namespace mooring::http
