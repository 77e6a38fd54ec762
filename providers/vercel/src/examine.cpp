#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "settings.hpp"

namespace mooring::vercel {

namespace {

Finding good(std::string what) { return Finding{true, std::move(what), {}}; }
Finding bad(std::string what, std::string fix) { return Finding{false, std::move(what), std::move(fix)}; }

std::optional<Finding> lookAtExpiry(const Account& account) {
  const auto claims = claimsOf(account.token);
  if (!claims || !claims->expiresAt) return std::nullopt;
  const auto left = *claims->expiresAt - account.context.clock->now();
  if (left.count() <= 0)
    return bad("the token expired at " + toString(*claims->expiresAt), "get a new one: `vercel env pull`");
  return good("the token is good until " + toString(*claims->expiresAt));
}

std::string fixFor(const Error& error) {
  switch (error.code) {
    case Errc::unauthenticated:
      return "make a token at https://vercel.com/account/tokens and set SANDBOX_VERCEL_TOKEN";
    case Errc::permissionDenied:
    case Errc::notFound:
      return "check SANDBOX_VERCEL_TEAM_ID and SANDBOX_VERCEL_PROJECT_ID, and what the token may do";
    default:
      return "check the network and SANDBOX_VERCEL_API_URL";
  }
}

}  // namespace

Task<std::vector<Finding>> examine(AccountPtr account, CallOptions call) {
  std::vector<Finding> findings;
  findings.push_back(good("configured by " + describeSettings(account->context.settings)));
  if (auto expiry = lookAtExpiry(*account)) findings.push_back(std::move(*expiry));
  Query query;
  query.emplace_back("project", account->projectId);
  query.emplace_back("limit", "1");
  auto request = apiRequest(http::Method::get, target(*account, "/v2/sandboxes", std::move(query)), call);
  auto response = co_await callForSuccess(account, std::move(request), "list sandboxes");
  if (!response && response.error().code == Errc::cancelled)
    co_return std::unexpected(std::move(response).error());
  if (response) {
    findings.push_back(good("project " + account->projectId + " of team " + account->teamId + " at " +
                            account->apiUrl + " answers"));
  } else {
    findings.push_back(bad(response.error().message, fixFor(response.error())));
  }
  co_return findings;
}

}  // namespace mooring::vercel
