#include "settings.hpp"

#include <mooring/detail/base64.hpp>
#include <mooring/http/json.hpp>
#include <mooring/http/vendor_settings.hpp>

#include "errors.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace mooring::vercel {

namespace {

constexpr const char* cloudApi = "https://vercel.com/api";
constexpr std::array addressNames = {"SANDBOX_VERCEL_API_URL"};

/// As they come in a token's second part.
struct ClaimsView {
  std::string owner_id = {};    // NOLINT(readability-identifier-naming): the claim's own name.
  std::string project_id = {};  // NOLINT(readability-identifier-naming): the claim's own name.
  std::optional<std::int64_t> exp = {};
};
void read(http::Fields& in, ClaimsView& out) {
  in.optional("owner_id", out.owner_id);
  in.optional("project_id", out.project_id);
  in.optional("exp", out.exp);
}

std::string firstOf(const Settings& settings, const std::string& name) {
  if (auto own = settings.get("SANDBOX_" + name)) return *own;
  return settings.get(name).value_or("");
}

Result<void> readCredential(const Settings& settings, Credential& out) {
  for (const char* name : {"SANDBOX_VERCEL_TOKEN", "VERCEL_TOKEN", "VERCEL_OIDC_TOKEN"}) {
    if (auto token = settings.secret(name)) {
      out.token = std::move(*token);
      out.tokenFrom = name;
      break;
    }
  }
  out.teamId = firstOf(settings, "VERCEL_TEAM_ID");
  out.projectId = firstOf(settings, "VERCEL_PROJECT_ID");
  if (const auto claims = claimsOf(out.token)) {
    if (out.teamId.empty()) out.teamId = claims->teamId;
    if (out.projectId.empty()) out.projectId = claims->projectId;
  }
  std::string missing;
  const auto miss = [&missing](const char* name) {
    missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  if (out.token.empty()) miss("SANDBOX_VERCEL_TOKEN");
  if (out.teamId.empty()) miss("SANDBOX_VERCEL_TEAM_ID");
  if (out.projectId.empty()) miss("SANDBOX_VERCEL_PROJECT_ID");
  if (missing.empty()) return {};
  const bool partial = !out.token.empty() || !out.teamId.empty() || !out.projectId.empty();
  return refuse(Errc::notConfigured,
                partial ? "the Vercel credential is not complete: set " + missing +
                              " too (the same names without SANDBOX_ do as well)"
                        : "the Vercel provider needs a credential: set SANDBOX_VERCEL_TOKEN, "
                          "SANDBOX_VERCEL_TEAM_ID and SANDBOX_VERCEL_PROJECT_ID, or VERCEL_OIDC_TOKEN, which "
                          "names team and project itself");
}

}  // namespace

std::optional<Claims> claimsOf(const Secret& token) {
  const std::string_view text = token.reveal();
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  const auto payload = detail::decodeBase64Url(text.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  const auto json = http::parseJson(*payload);
  if (!json) return std::nullopt;
  auto view = http::decodeValue<ClaimsView>(*json);
  if (!view) return std::nullopt;
  Claims claims{.teamId = std::move(view->owner_id), .projectId = std::move(view->project_id)};
  if (view->exp) claims.expiresAt = Timestamp(std::chrono::seconds(*view->exp));
  return claims;
}

Result<AccountSettings> readSettings(const Settings& settings) {
  AccountSettings out;
  if (auto read = readCredential(settings, out.credential); !read)
    return std::unexpected(std::move(read).error());
  auto address = http::readAddress(vendor, settings, addressNames, cloudApi);
  if (!address) return std::unexpected(std::move(address).error());
  out.apiUrl = std::move(address->url);
  out.apiUrlFrom = std::move(address->from);
  if (auto read = http::readSwitch(vendor, settings, "SANDBOX_VERCEL_PERSISTENT", out.defaults.persistent);
      !read)
    return std::unexpected(std::move(read).error());
  return out;
}

std::string describeSettings(const Settings& settings) {
  static constexpr std::array names = {"SANDBOX_VERCEL_TOKEN",
                                       "VERCEL_TOKEN",
                                       "VERCEL_OIDC_TOKEN",
                                       "SANDBOX_VERCEL_TEAM_ID",
                                       "VERCEL_TEAM_ID",
                                       "SANDBOX_VERCEL_PROJECT_ID",
                                       "VERCEL_PROJECT_ID",
                                       "SANDBOX_VERCEL_API_URL",
                                       "SANDBOX_VERCEL_PERSISTENT"};
  return http::namesOfSet(settings, names);
}

}  // namespace mooring::vercel
