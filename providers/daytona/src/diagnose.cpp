#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "settings.hpp"

#include <algorithm>
#include <array>

namespace mooring::daytona {

namespace {

Finding good(std::string what) { return Finding{true, std::move(what), {}}; }
Finding bad(std::string what, std::string fix) { return Finding{false, std::move(what), std::move(fix)}; }

/// Without these something breaks half way: a key that cannot delete leaves litter that costs money.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> needed = {{
    {"write:sandboxes", "sandboxes cannot be created"},
    {"delete:sandboxes", "sandboxes cannot be destroyed and will be left over"},
    {"read:volumes", "volumes cannot be used"},
    {"write:volumes", "volumes cannot be created"},
}};

void lookAtScopes(const KeyView& key, std::vector<Finding>& out) {
  for (const auto& [scope, consequence] : needed) {
    if (std::ranges::find(key.permissions, scope) != key.permissions.end()) continue;
    out.push_back(bad("the API key lacks " + std::string(scope) + ": " + std::string(consequence),
                      "make a key with that permission in Daytona's dashboard"));
  }
}

}  // namespace

Task<std::vector<Finding>> examine(AccountPtr account, CallOptions call) {
  std::vector<Finding> out;
  out.push_back(good("set are " + describeSettings(account->context.settings)));
  const bool byKey = !account->headers.contains("X-Daytona-Organization-ID");
  const auto* const target = byKey ? "/api-keys/current" : "/sandbox?limit=1";
  const auto what = "ask " + account->apiUrl;
  auto response = co_await callApi(account, apiRequest(http::Method::get, target, call), what);
  if (!response) {
    out.push_back(bad(response.error().message, "check DAYTONA_API_URL and the network"));
    co_return out;
  }
  if (!response->ok()) {
    const auto error = errorFrom(*account, *response, what);
    const bool credential = error.code == Errc::unauthenticated || error.code == Errc::permissionDenied;
    out.push_back(bad(error.message,
                      credential ? "set DAYTONA_API_KEY to a key of that server, or renew it"
                                 : "check that DAYTONA_API_URL is the address of a Daytona API"));
    co_return out;
  }
  out.push_back(good(account->apiUrl + " accepts the " + (byKey ? "API key" : "token")));
  if (!byKey) co_return out;
  const auto key = http::decode<KeyView>(*response);
  if (!key) {
    out.push_back(bad("what the API key may do cannot be read: " + key.error().message,
                      "check that DAYTONA_API_URL is the address of a Daytona API"));
    co_return out;
  }
  const auto before = out.size();
  lookAtScopes(*key, out);
  if (out.size() == before) out.push_back(good("the API key may create and destroy sandboxes and volumes"));
  co_return out;
}

}  // namespace mooring::daytona
