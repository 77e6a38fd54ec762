// What `mooring` ends with. Documented in docs/cli.md and in `mooring --help`; scripts rely on it.
#pragma once

#include <mooring/error.hpp>

#include <string_view>

namespace mooring::cli {

namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int notFound = 3;
inline constexpr int gone = 4;
inline constexpr int unreachable = 5;
inline constexpr int unsupported = 6;
inline constexpr int conflict = 7;
inline constexpr int notConfigured = 8;
inline constexpr int timedOut = 124;       ///< As timeout(1).
inline constexpr int mooringFailed = 125;  ///< Of run, attach and wait, whose other codes are the command's.
                                           ///< As env(1).
inline constexpr int signalBase = 128;     ///< + the signal that interrupted mooring.
}  // namespace exit_code

/// For the commands that have all codes to themselves.
int exitCodeOf(Errc code);

/// For those that pass a command's own code through.
int exitCodeBesideCommand(Errc code);

/// The table for `--help`.
std::string_view exitCodesHelp();

}  // namespace mooring::cli
