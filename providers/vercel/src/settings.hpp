// What the environment says, read once.
#pragma once

#include "account.hpp"

#include <optional>
#include <string>

namespace mooring::vercel {

struct Credential {
  Secret token = {};
  std::string tokenFrom = {};  ///< The variable it came from, for errors.
  std::string teamId = {};
  std::string projectId = {};
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

/// What a token says about itself, when it is a JWT; unsigned as far as we are concerned.
struct Claims {
  std::string teamId = {};
  std::string projectId = {};
  std::optional<Timestamp> expiresAt = {};
};
/// Nothing when it is no JWT.
std::optional<Claims> claimsOf(const Secret& token);

/// The variables that are set, secrets by their names only: for `mooring doctor`.
std::string describeSettings(const Settings& settings);

}  // namespace mooring::vercel
