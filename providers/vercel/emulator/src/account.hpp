// Who asks, by the token.
#pragma once

#include <mooring/emulation/message.hpp>

#include "knobs.hpp"

#include <optional>
#include <string>

namespace mooring::vercel::emulated {

/// What a token and the query say about the caller.
struct Account {
  std::string team = {};
  std::string project = {};  ///< Of an OIDC token; empty otherwise.
};

/// Errors: 403 (no token, a wrong or expired one, or another team's), 400 (no team).
Result<Account> authenticate(const emulation::Request& request, const Knobs& knobs, std::int64_t nowMs);

}  // namespace mooring::vercel::emulated
