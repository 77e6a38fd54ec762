#include "account.hpp"

#include <mooring/detail/base64.hpp>
#include <mooring/http/json.hpp>

namespace mooring::vercel::emulated {

using emulation::refused;

namespace {

std::unexpected<Error> notAuthorized() { return refused(403, "Not authorized"); }

struct Claims {
  std::string ownerId = {};
  std::string projectId = {};
  std::optional<std::int64_t> exp = {};  ///< Seconds since 1970.
};

void read(http::Fields& in, Claims& out) {
  in.required("owner_id", out.ownerId);
  in.optional("project_id", out.projectId);
  in.optional("exp", out.exp);
}

/// Of an OIDC token, whose signature an emulator cannot check; nothing for any other token.
std::optional<Claims> claimsOf(const std::string& token) {
  const auto first = token.find('.');
  const auto second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos || token.find('.', second + 1) != std::string::npos) return std::nullopt;
  const auto payload = detail::decodeBase64Url(token.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  const auto value = http::parseJson(*payload);
  if (!value) return std::nullopt;
  auto claims = http::decodeValue<Claims>(*value);
  return claims ? std::optional(std::move(*claims)) : std::nullopt;
}

}  // namespace

Result<Account> authenticate(const emulation::Request& request, const Knobs& knobs, std::int64_t nowMs) {
  const auto token = request.bearer();
  if (!token || token->empty()) return notAuthorized();
  if (!knobs.token.empty() && *token != knobs.token) return notAuthorized();
  Account account;
  const auto asked = request.queryValue("teamId");
  account.team = asked.value_or(request.queryValue("slug").value_or(""));
  if (const auto claims = claimsOf(*token)) {
    const bool foreign = !account.team.empty() && account.team != claims->ownerId;
    if (foreign || (claims->exp && *claims->exp * 1000 <= nowMs)) return notAuthorized();
    account.team = claims->ownerId;
    account.project = claims->projectId;
  }
  if (account.team.empty()) return refused(400, "Invalid request: missing required property `teamId`.");
  return account;
}

}  // namespace mooring::vercel::emulated
