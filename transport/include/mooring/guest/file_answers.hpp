/// What the scripts about files answer.
#pragma once

#include <mooring/files.hpp>
#include <mooring/operation.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::guest {

/// What a script of ours printed.
struct Printed {
  int exitCode = 0;
  std::string out = {};
  std::string err = {};
};

/// A path that no program takes for an option: relative ones begin with "./".
std::string plainPath(const SandboxPath& path);

/// Nothing when a script of file_scripts ended well. Errors: "cannot <what>: …", with what it says by its
/// exit code, or its tool in words of the C locale.
Result<void> checkPrinted(const Printed& printed, std::string_view what);

/// What file_scripts::list and stat print. Errors: corrupted.
Result<std::vector<FileInfo>> readListing(std::string_view text);

}  // namespace mooring::guest
