// Files into a sandbox: first their contents to where nobody looks, then all of them to their places at once.
#pragma once

#include <mooring/provider.hpp>

#include "files/shell_call.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::daytona {

/// Where one way of sending ends and the next one begins. Tests make them small.
struct UploadLimits {
  /// Contents that travel with the request that puts them in place. A shell may read them byte by byte.
  std::size_t together = std::size_t{48} * 1024;
  /// Of one upload, held in memory until it has arrived, so that it can be sent again. A larger file goes in
  /// pieces that the sandbox joins.
  std::size_t piece = std::size_t{8} << 20;
  std::size_t filesAtOnce = 500;
  std::size_t pathBytesAtOnce = std::size_t{64} * 1024;
};

/// Writes all that `next` gives. Cost: one request where all of it is small; one or two for each `piece`
/// otherwise. Errors: those of FilesApi::write, naming the path.
Task<void> uploadFiles(FilePlace place, std::function<std::optional<FileUpload>()> next, UploadLimits limits);

}  // namespace mooring::daytona
