// What an account may do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mooring::vercel::emulated {

struct Plan {
  std::string_view name = "pro";
  std::int64_t longestTimeout = 86'400'000;  ///< ms
  std::int64_t mostVcpus = 8;
  std::size_t mostSandboxes = 10'000;  ///< Running at a time.
  std::int64_t driveSize = std::int64_t{1} << 40;
};

inline constexpr std::array plans = {
    Plan{},
    Plan{.name = "hobby",
         .longestTimeout = 2'700'000,
         .mostVcpus = 4,
         .mostSandboxes = 10,
         .driveSize = std::int64_t{1} << 30},
    Plan{.name = "enterprise", .mostVcpus = 32},
};

inline std::optional<Plan> findPlan(std::string_view name) {
  for (const auto& plan : plans) {
    if (plan.name == name) return plan;
  }
  return std::nullopt;
}

inline constexpr std::size_t mostPorts = 15;
inline constexpr std::size_t mostTags = 5;
inline constexpr std::size_t longestTag = 256;
inline constexpr std::size_t longestName = 128;
inline constexpr std::size_t longestDriveName = 64;
inline constexpr std::size_t mostMounts = 4;
inline constexpr std::int64_t mostDriveSize = std::int64_t{16} << 40;
inline constexpr std::int64_t memoryOfVcpu = 2048;  ///< MB
inline constexpr std::int64_t dayMs = 86'400'000;
inline constexpr std::int64_t longestSnapshotLife = 3650 * dayMs;

inline constexpr std::array<std::string_view, 4> runtimes = {"node26", "node24", "node22", "python3.13"};
inline constexpr std::array<std::string_view, 19> regions = {"iad1",
                                                             "sfo1",
                                                             "cle1",
                                                             "pdx1",
                                                             "yul1",
                                                             "cdg1",
                                                             "fra1",
                                                             "arn1",
                                                             "lhr1",
                                                             "dub1",
                                                             "sin1",
                                                             "icn1",
                                                             "bom1",
                                                             "hkg1",
                                                             "hnd1",
                                                             "kix1",
                                                             "syd1",
                                                             "gru1",
                                                             "cpt1"};

}  // namespace mooring::vercel::emulated
