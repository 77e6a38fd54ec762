// Starting programs of the host, without forking this process.
#pragma once

#include <mooring/operation.hpp>

#include "detail/descriptor.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mooring::local {

/// Numbers under which the supervisor finds what it inherits.
namespace spawned_fd {
inline constexpr int listener = 3;
inline constexpr int commands = 4;
inline constexpr int runDirectory = 5;
inline constexpr int launchedPid = 6;  ///< Of the launch mode alone, as is the next.
inline constexpr int bwrapInfo = 7;
}  // namespace spawned_fd

/// Runs the supervisor's launch mode to its end, which is at once. Blocks. Errors: unavailable, with its
/// complaint.
Result<void> spawnLauncher(const std::filesystem::path& supervisor,
                           const std::vector<std::string>& command,
                           const std::filesystem::path& runDirectory,
                           const std::filesystem::path& commandsDirectory,
                           Descriptor listener);

/// Runs a command with nothing but a PATH and waits for its end. Blocks. Gives the first line of what it
/// complained about, "it failed" when it did so silently, or nothing when it succeeded.
Result<std::string> runProbe(const std::vector<std::string>& command);

/// The same without blocking. Cancelling kills it.
Task<std::string> runProgram(boost::asio::any_io_executor loop, std::vector<std::string> command);

}  // namespace mooring::local
