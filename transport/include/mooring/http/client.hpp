/// The usual stack: an engine and all policies in their order.
#pragma once

#include <mooring/http/engine.hpp>
#include <mooring/http/policies/auth.hpp>
#include <mooring/http/policies/concurrency.hpp>
#include <mooring/http/policies/counters.hpp>
#include <mooring/http/policies/identity.hpp>
#include <mooring/http/policies/log.hpp>
#include <mooring/http/policies/rate_limit.hpp>
#include <mooring/http/policies/redirect.hpp>
#include <mooring/http/policies/retry.hpp>
#include <mooring/secret.hpp>

#include <memory>
#include <string>
#include <vector>

namespace mooring::http {

struct ClientOptions {
  IdentityOptions identity = {};          ///< With the base address.
  Secret token = {};                      ///< Empty: no Authorization is sent.
  std::vector<std::string> trusted = {};  ///< Origins beside the base address that may have the token.
  EngineOptions engine = {};              ///< Its network is read from the context's settings when empty.
  RetryOptions retry = {};
  ConcurrencyOptions concurrency = {};
  RedirectOptions redirects = {};
  LogOptions log = {};
  std::shared_ptr<RateLimitMemory> rateLimits = {};  ///< Null: the client's own.
  std::shared_ptr<Counters> counters = {};           ///< Null: not counted.
  std::shared_ptr<Pause> pause = {};                 ///< Null: real time.
  std::shared_ptr<Transport> transport = {};         ///< In place of the engine: tests.
};

/// A client for one account. Its transport is the outermost policy.
struct Client {
  std::shared_ptr<Transport> transport = {};
  std::shared_ptr<BearerAuth> auth = {};  ///< To trust origins learned later.
};

/// Errors: invalidArgument (the base address), internal.
Result<Client> makeClient(const ProviderContext& context, ClientOptions options);

}  // namespace mooring::http
