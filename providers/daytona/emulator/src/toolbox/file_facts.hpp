// What the daemon tells about files.
#pragma once

#include <mooring/files.hpp>

#include "toolbox/daemon.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona::emulator {

/// "a/b/c.txt" → "c.txt".
std::string baseName(std::string_view path);
std::string joined(const std::string& directory, const std::string& name);

/// The daemon's FileInfo. `path`: as the client would name it.
boost::json::object fileFacts(const Daemon& daemon, const FileInfo& info, const std::string& path);

/// About what `path` leads to: symlinks are followed. Errors: as the daemon says them, naming `path`.
Task<FileInfo> statFollowing(DaemonPtr daemon, std::string path);

struct Found {
  std::string path = {};  ///< The root as it was given, and the way from there.
  FileInfo info = {};
};

/// All below `root`, `depth` levels deep, each directory before what is in it, by name. What cannot be
/// entered is left out, but for the root. Errors: as the daemon says them.
Task<std::vector<Found>> walk(DaemonPtr daemon, std::string root, int depth);

}  // namespace mooring::daytona::emulator
