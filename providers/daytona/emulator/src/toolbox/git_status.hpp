// What a repository's working tree looks like, in the daemon's words.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace mooring::daytona::emulator {

/// From `git status --porcelain=v2 --branch -z --untracked-files=all`.
boost::json::object gitStatus(std::string_view porcelain);

}  // namespace mooring::daytona::emulator
