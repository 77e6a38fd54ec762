// What the environment says, read once.
#pragma once

#include "account.hpp"

#include <string>

namespace mooring::sprites {

struct AccountSettings {
  Secret token = {};
  std::string apiUrl = {};      ///< Without a slash at its end.
  std::string apiUrlFrom = {};  ///< The variable it came from, for errors.
  Defaults defaults = {};
};

/// Errors: notConfigured, naming the variable that is missing; invalidArgument, naming the one that is wrong.
Result<AccountSettings> readSettings(const Settings& settings);

/// The variables that are set, secrets by their names only: for `mooring doctor`.
std::string describeSettings(const Settings& settings);

}  // namespace mooring::sprites
