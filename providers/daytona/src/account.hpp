// One Daytona account: who we are, how to reach it, and what the environment wants by default.
#pragma once

#include <mooring/daytona/options.hpp>
#include <mooring/http/client.hpp>
#include <mooring/http/websocket.hpp>
#include <mooring/registry.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::daytona {

/// What SANDBOX_DAYTONA_… and DAYTONA_TARGET say.
struct Defaults {
  bool ephemeral = true;
  bool deleteOnStop = false;
  bool logVolumes = false;
  std::string target = {};
  std::optional<DeclarativeImage> declarativeImage = {};
};

struct Account {
  ProviderContext context = {};
  http::Client http = {};                       ///< Targets that begin with '/' go to the control plane.
  std::shared_ptr<http::Transport> probe = {};  ///< Without the credential and without retries: for what
                                                ///< users serve in their sandboxes.
  std::shared_ptr<http::WebSockets> sockets = {};
  std::shared_ptr<http::Pause> pause = {};  ///< For waits between polls.
  Secret token = {};
  http::Headers headers = {};  ///< Sent to both planes, and with the upgrade of a WebSocket.
  std::string apiUrl = {};     ///< Without a slash at its end.
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

/// Lets `toolboxUrl` have the account's token. Only what came from the control plane, or from a record of
/// ours. Errors: corrupted (no URL, or not as well encrypted as the control plane's).
Result<void> trustToolbox(Account& account, std::string_view toolboxUrl);

}  // namespace mooring::daytona
