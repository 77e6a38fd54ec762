// One organization at Sprites: who we are, how to reach it, and what the environment wants by default.
#pragma once

#include <mooring/http/client.hpp>
#include <mooring/http/websocket.hpp>
#include <mooring/registry.hpp>
#include <mooring/sprites/options.hpp>

#include <memory>
#include <string>

namespace mooring::sprites {

/// What SANDBOX_SPRITES_… says beside the credential.
struct Defaults {
  bool deleteOnStop = true;
};

struct Account {
  ProviderContext context = {};
  http::Client http = {};  ///< Targets that begin with '/' go to the API.
  std::shared_ptr<http::WebSockets> sockets = {};
  std::shared_ptr<http::Pause> pause = {};
  Secret token = {};
  std::string apiUrl = {};  ///< Without a slash at its end.
  Defaults defaults = {};
};
using AccountPtr = std::shared_ptr<Account>;

/// What tests put in place of the real thing.
struct AccountParts {
  std::shared_ptr<http::Transport> transport = {};  ///< Null: the engine.
  std::shared_ptr<http::WebSockets> sockets = {};   ///< Null: real ones.
  std::shared_ptr<http::Pause> pause = {};          ///< Null: real time.
};

/// Errors: notConfigured, naming the variable that is missing; invalidArgument (an address that is none).
Result<AccountPtr> makeAccount(const ProviderContext& context, AccountParts parts = AccountParts());

}  // namespace mooring::sprites
