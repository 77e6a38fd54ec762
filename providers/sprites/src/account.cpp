#include "account.hpp"

#include "errors.hpp"
#include "settings.hpp"

namespace mooring::sprites {

namespace {

constexpr const char* userAgent = "mooring/0.1.0";

}  // namespace

Result<AccountPtr> makeAccount(const ProviderContext& context, AccountParts parts) {
  auto settings = readSettings(context.settings);
  if (!settings) return std::unexpected(std::move(settings).error());

  auto account = std::make_shared<Account>();
  account->context = context;
  account->pause = parts.pause ? parts.pause : http::systemPause();
  account->sockets = parts.sockets ? parts.sockets
                                   : http::makeWebSockets(http::Network::from(context.settings));
  account->token = settings->token;
  account->apiUrl = settings->apiUrl;
  account->defaults = settings->defaults;

  http::ClientOptions options;
  options.identity.baseUrl = account->apiUrl;
  options.identity.userAgent = userAgent;
  options.token = account->token;
  options.log.query = {"max_results", "prefix", "signal", "timeout", "mkdirParents", "mode"};
  options.pause = account->pause;
  options.transport = parts.transport;
  auto client = http::makeClient(context, std::move(options));
  if (!client) return std::unexpected(errorFrom(std::move(client).error(), "use " + settings->apiUrlFrom));
  account->http = std::move(*client);
  return account;
}

}  // namespace mooring::sprites
