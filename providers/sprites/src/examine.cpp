#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "settings.hpp"

namespace mooring::sprites {

namespace {

Finding good(std::string what) { return Finding{true, std::move(what), {}}; }
Finding bad(std::string what, std::string fix) { return Finding{false, std::move(what), std::move(fix)}; }

std::string fixFor(const Error& error) {
  switch (error.code) {
    case Errc::unauthenticated:
    case Errc::permissionDenied:
      return "make a token at https://sprites.dev/account and set SPRITES_API_TOKEN";
    case Errc::rateLimited:
      return "wait a while";
    default:
      return "check the network and SPRITES_API_BASE_URL";
  }
}

}  // namespace

Task<std::vector<Finding>> examine(AccountPtr account, CallOptions call) {
  std::vector<Finding> findings;
  findings.push_back(good("configured by " + describeSettings(account->context.settings)));
  auto request = apiRequest(http::Method::get, "/v1/sprites?max_results=1", call);
  auto response = co_await callForSuccess(account, std::move(request), "list sprites");
  if (!response && response.error().code == Errc::cancelled)
    co_return std::unexpected(std::move(response).error());
  if (response) {
    findings.push_back(good("the organization that the token is for answers at " + account->apiUrl));
  } else {
    findings.push_back(bad(response.error().message, fixFor(response.error())));
  }
  findings.push_back(good(account->defaults.deleteOnStop
                              ? "stop() deletes sprites (SANDBOX_SPRITES_DELETE_ON_STOP is not 0)"
                              : "stop() lets sprites sleep, and their disks are billed until destroy()"));
  co_return findings;
}

}  // namespace mooring::sprites
