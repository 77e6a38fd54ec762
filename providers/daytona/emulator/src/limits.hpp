// What one sandbox may have, and what intervals may be. Observed on the cloud.
#pragma once

#include <cstdint>

namespace mooring::daytona::emulator {

inline constexpr std::int64_t largestCpu = 4;
inline constexpr std::int64_t largestMemory = 8;       ///< GiB
inline constexpr std::int64_t largestDisk = 10;        ///< GiB
inline constexpr std::int64_t longestArchive = 43200;  ///< Minutes; what 0 means, too.

}  // namespace mooring::daytona::emulator
