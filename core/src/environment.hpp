// Secrets by name: resolved when needed, taken out of everything that is kept.
#pragma once

#include "core.hpp"

#include <map>
#include <string>
#include <vector>

namespace mooring::detail {

/// The complete environment of a command: the config's env, then secretEnv, then the command's own.
/// Errors: notConfigured, naming every secretEnv name without a value.
Result<std::map<std::string, std::string>> fullEnvironment(const Core& core,
                                                           const SandboxConfig& config,
                                                           const std::map<std::string, std::string>& own);

/// `text` with every secretEnv value in it replaced by "***".
std::string redacted(const Core& core, const SandboxConfig& config, std::string text);

}  // namespace mooring::detail
