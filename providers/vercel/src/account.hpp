// One Vercel project: who we are, how to reach it, and what the environment wants by default.
#pragma once

#include <mooring/http/client.hpp>
#include <mooring/registry.hpp>
#include <mooring/vercel/options.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::vercel {

/// What SANDBOX_VERCEL_… says beside the credential.
struct Defaults {
  bool persistent = false;
};

struct Account {
  ProviderContext context = {};
  http::Client http = {};   ///< Targets that begin with '/' go to the API.
  http::Client plain = {};  ///< Without our token and without retries: for what runs in a sandbox.
  std::shared_ptr<http::Pause> pause = {};
  Secret token = {};
  std::string teamId = {};
  std::string projectId = {};
  std::string apiUrl = {};  ///< Without a slash at its end.
  Defaults defaults = {};
};
using AccountPtr = std::shared_ptr<Account>;

/// What tests put in place of the real thing.
struct AccountParts {
  std::shared_ptr<http::Transport> transport = {};  ///< Null: the engine.
  std::shared_ptr<http::Pause> pause = {};          ///< Null: real time.
};

/// Errors: notConfigured, naming all variables that are missing; invalidArgument (an address that is none).
Result<AccountPtr> makeAccount(const ProviderContext& context, AccountParts parts = AccountParts());

}  // namespace mooring::vercel
