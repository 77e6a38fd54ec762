// The account and the deployment.
#include "control.hpp"
#include "limits.hpp"

#include <boost/json/array.hpp>

namespace mooring::daytona::emulator {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::Reply;

namespace {

Task<Reply> currentKey(Control& control, Call call) {
  json::object key;
  key["name"] = "emulator";
  key["value"] = "dtn_****";
  key["createdAt"] = toString(control.world.now());
  key["permissions"] = json::array({"write:sandboxes",
                                    "delete:sandboxes",
                                    "read:volumes",
                                    "write:volumes",
                                    "delete:volumes",
                                    "write:snapshots",
                                    "delete:snapshots"});
  key["lastUsedAt"] = nullptr;
  key["expiresAt"] = nullptr;
  key["userId"] = "user-of-" + call.caller.organizationId;
  co_return jsonReply(200, key);
}

Task<Reply> regions(Control& control, Call /*call*/) {
  const auto now = toString(control.world.now());
  json::object region;
  region["id"] = "us";
  region["name"] = "us";
  region["organizationId"] = nullptr;
  region["regionType"] = "shared";
  region["createdAt"] = now;
  region["updatedAt"] = now;
  region["proxyUrl"] = control.world.stage().baseUrl;
  json::array all;
  all.emplace_back(std::move(region));
  co_return jsonReply(200, all);
}

Task<Reply> config(Control& control, Call /*call*/) {
  const auto& base = control.world.stage().baseUrl;
  json::object oidc;
  oidc["issuer"] = base;
  oidc["clientId"] = "emulator";
  oidc["audience"] = "emulator";
  json::object body;
  body["version"] = "0.205.0";
  body["oidc"] = std::move(oidc);
  body["linkedAccountsEnabled"] = false;
  body["announcements"] = json::object();
  // Each link has an address of its own: what the template would give is not it.
  body["proxyTemplateUrl"] = base + "/preview/{{PORT}}-{{sandboxId}}";
  body["proxyToolboxUrl"] = control.world.toolboxUrl();
  body["defaultSnapshot"] = control.snapshots.defaultName();
  body["dashboardUrl"] = base;
  body["maxAutoArchiveInterval"] = longestArchive;
  body["maintananceMode"] = false;
  body["environment"] = "emulator";
  co_return jsonReply(200, body);
}

Task<Reply> health(Control& /*control*/, Call /*call*/) {
  json::object body;
  body["status"] = "ok";
  co_return jsonReply(200, body);
}

}  // namespace

void addAccountRoutes(ControlRoutes& routes) {
  routes.on("GET", "/api-keys/current", currentKey);
  routes.on("GET", "/regions", regions);
  routes.on("GET", "/config", config, Access::open);
  routes.on("GET", "/health", health, Access::open);
  routes.on("GET", "/health/ready", health, Access::open);
}

}  // namespace mooring::daytona::emulator
