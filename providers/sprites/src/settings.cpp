#include "settings.hpp"

#include <mooring/http/vendor_settings.hpp>

#include "errors.hpp"

#include <array>
#include <vector>

namespace mooring::sprites {

namespace {

constexpr const char* cloudApi = "https://api.sprites.dev";
constexpr std::array tokenNames = {"SPRITES_API_TOKEN", "SPRITE_TOKEN", "SPRITES_TOKEN"};
constexpr std::array addressNames = {"SPRITES_API_BASE_URL", "SPRITES_API_URL"};
constexpr const char* deleteOnStopName = "SANDBOX_SPRITES_DELETE_ON_STOP";

Result<void> readToken(const Settings& settings, AccountSettings& out) {
  for (const char* name : tokenNames) {
    if (auto token = settings.secret(name)) {
      out.token = std::move(*token);
      return {};
    }
  }
  return refuse(
      Errc::notConfigured,
      "the Sprites provider needs a token: set SPRITES_API_TOKEN (or SPRITE_TOKEN, SPRITES_TOKEN) to "
      "one made at https://sprites.dev/account; or choose another provider with SANDBOX_PROVIDER");
}

}  // namespace

Result<AccountSettings> readSettings(const Settings& settings) {
  AccountSettings out;
  if (auto read = readToken(settings, out); !read) return std::unexpected(std::move(read).error());
  auto address = http::readAddress(vendor, settings, addressNames, cloudApi);
  if (!address) return std::unexpected(std::move(address).error());
  out.apiUrl = std::move(address->url);
  out.apiUrlFrom = std::move(address->from);
  if (auto read = http::readSwitch(vendor, settings, deleteOnStopName, out.defaults.deleteOnStop); !read)
    return std::unexpected(std::move(read).error());
  return out;
}

std::string describeSettings(const Settings& settings) {
  std::vector<const char*> names(tokenNames.begin(), tokenNames.end());
  names.insert(names.end(), addressNames.begin(), addressNames.end());
  names.push_back(deleteOnStopName);
  return http::namesOfSet(settings, names);
}

}  // namespace mooring::sprites
