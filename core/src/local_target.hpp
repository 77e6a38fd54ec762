// A directory of this machine into which a hostile listing is unfolded.
#pragma once

#include "file_io.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::detail {

using PathParts = std::vector<std::string_view>;

/// Nothing is made, changed or opened outside of it: each part of a path is opened by itself, below the
/// directory before it, and never through a symlink. Names are ones that checkListing() let pass. All members
/// block.
class LocalTarget {
 public:
  /// `path` itself is the caller's own and may lead through symlinks; it is made with its missing parents.
  static Result<std::shared_ptr<LocalTarget>> open(const std::filesystem::path& path);

  /// Makes a directory below existing ones. True when it was not there. It is writable for us until
  /// setMode().
  Result<bool> makeDirectory(const PathParts& parts) const;
  Result<void> setMode(const PathParts& parts, int mode) const;
  /// A file in the directory `parts`, under `temporary` until it is complete.
  Result<std::shared_ptr<PartFile>> makeFile(const PathParts& parts,
                                             std::string_view name,
                                             const std::string& temporary) const;
  /// Replaces a file or symlink of that name, at once.
  Result<void> makeSymlink(const PathParts& parts,
                           std::string_view name,
                           const std::string& target,
                           const std::string& temporary) const;

 private:
  LocalTarget(FileHandle root, std::string shown);
  Result<std::shared_ptr<const FileHandle>> directory(const PathParts& parts) const;
  [[nodiscard]] std::string shown(const PathParts& parts, std::string_view name = std::string_view()) const;

  std::shared_ptr<const FileHandle> root_;
  std::string shown_;
};

}  // namespace mooring::detail
