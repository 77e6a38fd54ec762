#include "settings.hpp"

#include <mooring/http/vendor_settings.hpp>

#include "errors.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace mooring::daytona {

namespace {

constexpr const char* cloudApi = "https://app.daytona.io/api";
constexpr std::array addressNames = {"DAYTONA_API_URL", "DAYTONA_SERVER_URL"};

/// Splits at commas and white space.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", \t\n"), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool onUnlessSaid(const Settings& settings, std::string_view name, bool otherwise) {
  const auto value = settings.get(name);
  return value ? isOn(*value) : otherwise;
}

Result<void> readCredential(const Settings& settings, Credential& out) {
  if (auto key = settings.secret("DAYTONA_API_KEY")) {
    out.token = std::move(*key);
    return {};
  }
  const auto jwt = settings.secret("DAYTONA_JWT_TOKEN");
  const auto organization = settings.get("DAYTONA_ORGANIZATION_ID");
  if (!jwt) {
    return refuse(
        Errc::notConfigured,
        organization ? "the Daytona provider needs a credential: DAYTONA_ORGANIZATION_ID is set, but neither "
                       "DAYTONA_API_KEY nor DAYTONA_JWT_TOKEN is; set one of them"
                     : "the Daytona provider needs a credential: set DAYTONA_API_KEY, or DAYTONA_JWT_TOKEN "
                       "together with DAYTONA_ORGANIZATION_ID");
  }
  if (!organization) {
    return refuse(
        Errc::notConfigured,
        "DAYTONA_JWT_TOKEN does not say for which organization: set DAYTONA_ORGANIZATION_ID too, or "
        "use DAYTONA_API_KEY instead");
  }
  out.token = *jwt;
  out.organization = *organization;
  return {};
}

}  // namespace

bool isOn(std::string_view value) {
  std::string lowered(value);
  std::ranges::transform(
      lowered, lowered.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 5> no = {"", "0", "false", "no", "off"};
  return std::ranges::find(no, lowered) == no.end();
}

Result<AccountSettings> readSettings(const Settings& settings) {
  AccountSettings out;
  if (auto read = readCredential(settings, out.credential); !read)
    return std::unexpected(std::move(read).error());
  auto address = http::readAddress(vendor, settings, addressNames, cloudApi);
  if (!address) return std::unexpected(std::move(address).error());
  out.apiUrl = std::move(address->url);
  out.apiUrlFrom = std::move(address->from);

  auto& defaults = out.defaults;
  defaults.ephemeral = onUnlessSaid(settings, "SANDBOX_DAYTONA_EPHEMERAL", true);
  defaults.deleteOnStop = onUnlessSaid(settings, "SANDBOX_DAYTONA_DELETE_ON_STOP", false);
  defaults.logVolumes = onUnlessSaid(settings, "SANDBOX_DAYTONA_LOG_VOLUMES", false);
  defaults.target = settings.get("DAYTONA_TARGET").value_or("");
  if (onUnlessSaid(settings, "SANDBOX_DAYTONA_DECLARATIVE_IMAGE", false)) {
    DeclarativeImage image;
    image.base = settings.get("SANDBOX_DAYTONA_DECLARATIVE_BASE").value_or("");
    image.python = settings.get("SANDBOX_DAYTONA_DECLARATIVE_PYTHON").value_or("");
    image.pip = words(settings.get("SANDBOX_DAYTONA_DECLARATIVE_PIP").value_or(""));
    defaults.declarativeImage = std::move(image);
  }
  return out;
}

std::string describeSettings(const Settings& settings) {
  static constexpr std::array names = {"DAYTONA_API_URL",
                                       "DAYTONA_SERVER_URL",
                                       "DAYTONA_API_KEY",
                                       "DAYTONA_JWT_TOKEN",
                                       "DAYTONA_ORGANIZATION_ID",
                                       "DAYTONA_TARGET",
                                       "SANDBOX_DAYTONA_EPHEMERAL",
                                       "SANDBOX_DAYTONA_DELETE_ON_STOP",
                                       "SANDBOX_DAYTONA_DECLARATIVE_IMAGE",
                                       "SANDBOX_DAYTONA_DECLARATIVE_BASE",
                                       "SANDBOX_DAYTONA_DECLARATIVE_PYTHON",
                                       "SANDBOX_DAYTONA_DECLARATIVE_PIP",
                                       "SANDBOX_DAYTONA_LOG_VOLUMES"};
  return http::namesOfSet(settings, names);
}

}  // namespace mooring::daytona
