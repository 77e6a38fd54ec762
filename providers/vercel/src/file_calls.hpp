// What the sources of Files share.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "execution.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mooring::vercel {

/// A path that no program takes for an option: relative ones begin with "./".
std::string plainPath(const SandboxPath& path);

/// Runs one of file_scripts and makes an Error of its failure: "cannot <what>: …".
Task<Printed> runFileScript(AccountPtr account,
                            Instance instance,
                            std::string_view script,
                            std::vector<std::string> args,
                            std::string what,
                            CallOptions call);

/// What file_scripts::list and stat print. Errors: corrupted.
Result<std::vector<FileInfo>> readListing(std::string_view text);

}  // namespace mooring::vercel
