// The arguments by which bubblewrap makes a sandbox. Pure.
#pragma once

#include "definition.hpp"
#include "layout.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mooring::local {

/// What the top of this machine's file system looks like: {"bin", "usr/bin"} for a symlink, {"lib64", ""} for
/// a directory. Only what programs need.
using TopLevel = std::vector<std::pair<std::string, std::string>>;
TopLevel readTopLevel();

/// Where things are, on the host or by descriptor number.
struct LaunchPlaces {
  std::filesystem::path bwrap = {};
  std::filesystem::path supervisor = {};
  int infoDescriptor = -1;
  std::vector<std::string> serve = {};  ///< The supervisor's own arguments.
};

/// The whole command line, with bwrap itself first.
std::vector<std::string> bubblewrapCommand(const Definition& definition,
                                           const Layout& layout,
                                           const TopLevel& top,
                                           const LaunchPlaces& places);

/// The smallest command line that needs the same namespaces: to find out whether they may be used.
std::vector<std::string> bubblewrapProbe(const std::filesystem::path& bwrap, const TopLevel& top);

/// Whether bwrap's complaint means that this machine does not let it make namespaces.
bool isNamespaceRefusal(std::string_view complaint);

/// A file of the sandbox's own /etc, by name.
using EtcFile = std::pair<std::string, std::string>;
std::vector<EtcFile> etcFiles(const Definition& definition);

}  // namespace mooring::local
