// Whole files and trees between this machine and a sandbox, built on a provider's FilesApi.
#pragma once

#include "core.hpp"

#include <filesystem>
#include <memory>

namespace mooring::detail {

/// A local file as a source, read on the blocking threads. Errors: notFound, permissionDenied, naming the path.
Task<std::shared_ptr<ByteSource>> openSource(CorePtr core, std::filesystem::path path);

/// `from` (a file or a tree) to `to`, which is its new name. See Files::upload.
Task<TransferSummary> uploadTree(CorePtr core, std::shared_ptr<Provider> provider, Instance instance,
                                 std::filesystem::path from, SandboxPath to, TransferOptions options, CallOptions call);

/// `from` (a file or a tree) to `to`, which is its new name. See Files::download.
Task<TransferSummary> downloadTree(CorePtr core, std::shared_ptr<Provider> provider, Instance instance,
                                   SandboxPath from, std::filesystem::path to, TransferOptions options,
                                   CallOptions call);

}  // namespace mooring::detail
