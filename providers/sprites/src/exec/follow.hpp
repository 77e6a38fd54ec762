// Watching a session that somebody has begun.
#pragma once

#include <mooring/sprites/native.hpp>

#include "account.hpp"

#include <functional>
#include <string_view>

namespace mooring::sprites {

/// Native::follow(), of a session that was just seen to be the same.
Task<int> followSession(AccountPtr account,
                        Instance instance,
                        Session session,
                        std::function<void(Stream, std::string_view)> onOutput);

}  // namespace mooring::sprites
