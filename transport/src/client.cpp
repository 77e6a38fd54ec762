#include <mooring/http/client.hpp>

namespace mooring::http {

Result<Client> makeClient(const ProviderContext& context, ClientOptions options) {
  auto innermost = std::move(options.transport);
  if (!innermost) {
    auto& network = options.engine.network;
    const bool given = !(network.httpsProxy + network.httpProxy + network.caFile + network.caDirectory)
                            .empty();
    if (!given) network = Network::from(context.settings);
    auto engine = makeEngine(context.loop, options.engine);
    if (!engine) return std::unexpected(std::move(engine).error());
    innermost = std::move(*engine);
  }
  if (!options.pause) options.pause = systemPause();
  if (!options.rateLimits) options.rateLimits = std::make_shared<RateLimitMemory>();
  options.trusted.push_back(options.identity.baseUrl);

  // From the inside out; each attempt of a retry passes everything below it anew.
  auto counted = withCounters(std::move(innermost), std::move(options.counters));
  auto logged = withLog(std::move(counted), context.log, std::move(options.log));
  auto auth = std::make_shared<BearerAuth>(std::move(logged), std::move(options.token), options.trusted);
  auto limited = withConcurrencyLimit(auth, options.concurrency);
  RateLimitParts limitParts{options.rateLimits, context.clock, context.random, options.pause};
  auto remembered = withRateLimitMemory(std::move(limited), std::move(limitParts));
  RetryParts retryParts{context.clock, context.random, options.pause, context.log};
  auto retried = withRetries(std::move(remembered), std::move(retryParts), std::move(options.retry));
  auto redirected = withRedirects(std::move(retried), options.redirects);
  auto outermost = withIdentity(std::move(redirected), context.ids, std::move(options.identity));
  if (!outermost) return std::unexpected(std::move(outermost).error());
  return Client{std::move(*outermost), std::move(auth)};
}

}  // namespace mooring::http
