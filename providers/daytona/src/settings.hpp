// What the environment says, read once.
#pragma once

#include "account.hpp"

#include <string>

namespace mooring::daytona {

struct Credential {
  Secret token = {};              ///< An API key, or a JWT.
  std::string organization = {};  ///< With a JWT only: a key belongs to one.
};

struct AccountSettings {
  std::string apiUrl = {};
  std::string apiUrlFrom = {};  ///< The variable it came from, for errors.
  Credential credential = {};
  Defaults defaults = {};
};

/// Errors: notConfigured, naming every variable that is missing; invalidArgument, naming the one that is
/// wrong.
Result<AccountSettings> readSettings(const Settings& settings);

/// "" or "0", "false", "no" and "off" in any case are no; anything else is yes.
bool isOn(std::string_view value);

/// The variables that are set, secrets by their names only: for `mooring doctor`.
std::string describeSettings(const Settings& settings);

}  // namespace mooring::daytona
