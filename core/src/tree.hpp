// Whole files and trees between this machine and a sandbox, built on a provider's FilesApi.
#pragma once

#include "core.hpp"
#include "file_io.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::detail {

/// A local file as a source, read on the blocking threads. Errors: notFound, permissionDenied, naming the
/// path.
Task<std::shared_ptr<ByteSource>> openSource(CorePtr core, std::filesystem::path path);

/// `from` (a file or a tree) to `to`, which is its new name. See Files::upload. What is there already is kept
/// or, where it bears the name of an uploaded file, replaced; doing it again does no harm. Progress names a
/// file by its path below `from` (a single one by its name) and counts that file's bytes.
Task<TransferSummary> uploadTree(CorePtr core,
                                 std::shared_ptr<Provider> provider,
                                 Instance instance,
                                 std::filesystem::path from,
                                 SandboxPath to,
                                 TransferOptions options,
                                 CallOptions call);

/// `from` (a file or a tree) to `to`, which is its new name. See Files::download. The whole listing is read
/// and checked before anything is written. Files replace what bears their name; directories are merged into
/// existing ones, whose modes stay. Interrupted, it leaves whole files only. Progress is as in uploadTree.
Task<TransferSummary> downloadTree(CorePtr core,
                                   std::shared_ptr<Provider> provider,
                                   Instance instance,
                                   SandboxPath from,
                                   std::filesystem::path to,
                                   TransferOptions options,
                                   CallOptions call);

/// `name` below `directory`.
SandboxPath joined(const SandboxPath& directory, std::string_view name);

/// A name for a message: what a sandbox calls its files must not control a terminal or make a second log
/// line.
std::string printable(std::string_view text);

struct LocalDirectory {
  std::string relative = {};  ///< Below the root, which is "".
  int mode = 0;
  bool empty = true;
};

struct LocalTreeFile {
  std::string relative = {};
  LocalFile facts = {};
};

/// What is to be uploaded.
struct LocalTree {
  bool single = false;                           ///< `from` is a file: the only one of `files`.
  std::vector<LocalDirectory> directories = {};  ///< Parents before children.
  std::vector<LocalTreeFile> files = {};
};

/// Blocks. Errors: notFound and permissionDenied; invalidArgument (a symlink that leaves the tree, leads
/// nowhere or in a circle; what is neither file nor directory). All name the path.
Result<LocalTree> readLocalTree(const std::filesystem::path& from);

/// Checks what a sandbox said a directory holds: each name can be one, and none comes twice. Errors:
/// corrupted.
Result<void> checkListing(const std::vector<FileInfo>& entries, const SandboxPath& directory);

/// Whether a symlink `depth` directories below the root of a tree points into that tree, whatever other such
/// symlinks are in it. A target that goes up after it went down is refused: "x/.." is elsewhere when x is a
/// symlink.
bool linkStaysInside(int depth, std::string_view target);

}  // namespace mooring::detail
