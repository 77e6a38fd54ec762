// Starting and ending the supervisor of a sandbox. The caller holds the sandbox's lock.
#pragma once

#include "client.hpp"
#include "site.hpp"

#include <string>

namespace mooring::local {

/// Starts it and returns when it answers. Errors: notConfigured (no bwrap, no namespaces: with the way out),
/// invalidArgument (a mount point that cannot be), unavailable.
Task<void> launch(SitePtr site, Definition definition);

/// Ends it with all processes of the sandbox, and removes its control groups. Fine when it does not run.
/// Errors: unavailable (it cannot be killed).
Task<void> shutDown(SitePtr site, std::string key);

/// Whether it runs. Errors: gone and so on, but not notRunning.
Task<bool> isRunning(SitePtr site, std::string key);

/// Whether it runs and answers.
Task<bool> answersPing(SitePtr site, std::string key);

/// Tries to make the namespaces. Blocks. Errors: notConfigured.
Result<void> probeNamespaces(const Settings& settings);

/// Limits that are taken when the configuration says nothing.
LimitWishes wishesOf(const Definition& definition);

}  // namespace mooring::local
