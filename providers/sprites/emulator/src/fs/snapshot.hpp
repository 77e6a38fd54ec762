// What a watched place looks like, and what has changed since.
#pragma once

#include <mooring/files.hpp>

#include <map>
#include <string>
#include <vector>

namespace mooring::sprites::emulated {

struct FileChange {
  std::string event = {};  ///< "create", "write", "chmod" or "remove".
  std::string path = {};
  std::uint64_t size = 0;
  bool isDirectory = false;
};

/// By path.
using Snapshot = std::map<std::string, FileInfo>;

/// In the order of their paths, what went away first. A rename is a removal and a creation: one who looks now
/// and then cannot tell.
std::vector<FileChange> changesBetween(const Snapshot& before, const Snapshot& after);

}  // namespace mooring::sprites::emulated
