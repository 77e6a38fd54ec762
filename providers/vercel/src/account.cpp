#include "account.hpp"

#include "errors.hpp"
#include "settings.hpp"

namespace mooring::vercel {

namespace {

constexpr const char* userAgent = "mooring/0.1.0";

Result<http::Client> makePlainClient(const ProviderContext& context,
                                     const http::ClientOptions& like,
                                     const std::shared_ptr<http::Transport>& transport) {
  http::ClientOptions options;
  options.identity.baseUrl = like.identity.baseUrl;
  options.identity.userAgent = userAgent;
  options.retry.attempts = 1;
  options.pause = like.pause;
  options.transport = transport;
  return http::makeClient(context, std::move(options));
}

}  // namespace

Result<AccountPtr> makeAccount(const ProviderContext& context, AccountParts parts) {
  auto settings = readSettings(context.settings);
  if (!settings) return std::unexpected(std::move(settings).error());

  auto account = std::make_shared<Account>();
  account->context = context;
  account->pause = parts.pause ? parts.pause : http::systemPause();
  account->token = settings->credential.token;
  account->teamId = settings->credential.teamId;
  account->projectId = settings->credential.projectId;
  account->apiUrl = settings->apiUrl;
  account->defaults = settings->defaults;

  http::ClientOptions options;
  options.identity.baseUrl = account->apiUrl;
  options.identity.userAgent = userAgent;
  options.token = account->token;
  options.log.query = {"limit", "cursor", "sortBy", "sortOrder", "resume", "wait"};
  options.pause = account->pause;
  options.transport = parts.transport;
  auto plain = makePlainClient(context, options, parts.transport);
  auto client = http::makeClient(context, std::move(options));
  if (!client) return std::unexpected(errorFrom(std::move(client).error(), "use " + settings->apiUrlFrom));
  if (!plain) return std::unexpected(errorFrom(std::move(plain).error(), "use " + settings->apiUrlFrom));
  account->http = std::move(*client);
  account->plain = std::move(*plain);
  return account;
}

}  // namespace mooring::vercel
