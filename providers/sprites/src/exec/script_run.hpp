// Scripts of our own, run as commands are.
#pragma once

#include <mooring/guest/file_answers.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"
#include "exec/gate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites {

/// Runs `script` in POSIX sh with `args` as $1, $2, …; for scripts that print little. With call.idempotent it
/// is run again where nobody can tell whether it ran. Cost: one socket.
Task<guest::Printed> runScript(AccountPtr account,
                               Instance instance,
                               std::string_view script,
                               std::vector<std::string> args,
                               CallOptions call,
                               AtRest atRest = AtRest::refused);

}  // namespace mooring::sprites
