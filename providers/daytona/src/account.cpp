#include "account.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"
#include "settings.hpp"

namespace mooring::daytona {

namespace {

/// What the daemon's answers depend on: from 0.167.0 on, logs come as JSON with the streams apart.
constexpr const char* protocolVersion = "0.205.0";
constexpr const char* userAgent = "mooring/0.1.0";

http::Headers headersFor(const Credential& credential) {
  http::Headers headers{{"X-Daytona-Source", "mooring"}, {"X-Daytona-SDK-Version", protocolVersion}};
  if (!credential.organization.empty()) {
    headers.add("X-Daytona-Organization-ID", credential.organization);
  }
  return headers;
}

}  // namespace

Result<AccountPtr> makeAccount(const ProviderContext& context, AccountParts parts) {
  auto settings = readSettings(context.settings);
  if (!settings) return std::unexpected(std::move(settings).error());

  auto account = std::make_shared<Account>();
  account->context = context;
  account->pause = parts.pause ? parts.pause : http::systemPause();
  account->token = settings->credential.token;
  account->headers = headersFor(settings->credential);
  account->apiUrl = settings->apiUrl;
  account->defaults = std::move(settings->defaults);
  account->sockets = http::makeWebSockets(http::Network::from(context.settings));
  auto engine = std::move(parts.transport);
  if (!engine) {
    http::EngineOptions options;
    options.network = http::Network::from(context.settings);
    auto made = http::makeEngine(context.loop, options);
    if (!made) return std::unexpected(std::move(made).error());
    engine = std::move(*made);
  }
  account->probe = http::withLog(engine, context.log);

  http::ClientOptions options;
  options.identity.baseUrl = account->apiUrl;
  options.identity.userAgent = userAgent;
  options.identity.headers = account->headers;
  options.token = account->token;
  options.log.query = {"limit", "cursor", "sort", "order", "force", "depth", "recursive", "follow"};
  options.pause = account->pause;
  options.transport = std::move(engine);
  auto client = http::makeClient(context, std::move(options));
  if (!client) return std::unexpected(errorFrom(std::move(client).error(), "use " + settings->apiUrlFrom));
  account->http = std::move(*client);
  return account;
}

Result<void> trustToolbox(Account& account, std::string_view toolboxUrl) {
  const auto toolbox = http::parseUrl(toolboxUrl);
  const auto api = http::parseUrl(account.apiUrl);
  if (!toolbox || !api) {
    return refuse(Errc::corrupted,
                  "the address of the sandbox's toolbox cannot be read; connect() asks for it anew");
  }
  if (api->encrypted() && !toolbox->encrypted()) {
    return refuse(Errc::corrupted,
                  "the address of the sandbox's toolbox is " + toolbox->origin() +
                      ", without encryption, so that the API key is not sent there");
  }
  account.http.auth->trust(toolboxUrl);
  return {};
}

}  // namespace mooring::daytona
