// Who asks.
#pragma once

#include <mooring/emulation/message.hpp>

#include "knobs.hpp"

#include <string>

namespace mooring::sprites::emulated {

/// The organization that the request's token belongs to: its first part, or the setting's. Errors: 401.
Result<std::string> organizationOf(const emulation::Request& request, const Knobs& knobs);

/// Of "Authorization: FlyV1 …". Errors: 401.
Result<void> checkMacaroon(const emulation::Request& request);

/// A new one, shaped as the service's.
std::string tokenFor(const std::string& organization, const std::string& id);

}  // namespace mooring::sprites::emulated
