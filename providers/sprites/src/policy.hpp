// What a sprite may reach.
#pragma once

#include <mooring/operation.hpp>

#include "account.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace mooring::sprites {

/// Sets the network policy of a sprite, from now on. Wakes it. One request.
Task<void> setNetworkPolicy(AccountPtr account,
                            std::string name,
                            boost::json::object policy,
                            CallOptions call);

}  // namespace mooring::sprites
