// A file out of a sandbox.
#pragma once

#include <mooring/bytes.hpp>

#include "files/shell_call.hpp"

#include <cstdint>
#include <memory>

namespace mooring::daytona {

/// What FilesApi::read promises. A transfer that breaks off goes on where it stopped, if the file is still
/// the same.
Task<void> downloadFile(FilePlace place,
                        SandboxPath path,
                        std::uint64_t offset,
                        std::shared_ptr<ByteSink> sink);

}  // namespace mooring::daytona
