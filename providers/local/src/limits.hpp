// Limits of memory, processes and processors: by control groups where this user may make them, else by
// rlimit.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::local {

enum class LimitBy { cgroup1, cgroup2, rlimit, affinity, none };

/// Zero: no such limit.
struct LimitWishes {
  std::uint64_t memoryBytes = 0;
  std::uint64_t processes = 0;
  std::uint64_t vcpus = 0;
};

/// Where the control groups of one version of the kernel's interface begin for this process.
struct CgroupPlaces {
  std::map<std::string, std::filesystem::path, std::less<>> v1 = {};  ///< By controller.
  std::vector<std::filesystem::path> v2 = {};                         ///< In the order to be tried.
};

/// From the texts of /proc/self/mounts and /proc/self/cgroup. Pure.
CgroupPlaces findCgroups(std::string_view mounts, std::string_view memberships);
/// From /proc; none where that cannot be read. Blocks.
CgroupPlaces findCgroups();

/// How the groups of the sandbox `key` below `root` are named; another root may hold the same key. Eight
/// hexadecimal digits follow, others for each start: the groups of the one before may still be being removed.
std::string groupPrefix(const std::filesystem::path& root, std::string_view key);
/// The groups of every start with that prefix: one that was killed halfway has noted none. Blocks.
std::vector<std::filesystem::path> findGroups(const CgroupPlaces& places, std::string_view prefix);

/// What was done for one sandbox.
struct Limits {
  std::vector<std::filesystem::path> directories = {};  ///< Control groups made for it.
  LimitBy memory = LimitBy::none;
  LimitBy processes = LimitBy::none;
  LimitBy cpu = LimitBy::none;
};

/// {"memory": "cgroup1", …}: what the instance's connection shows.
boost::json::object toJson(const Limits& limits);
std::string toText(const Limits& limits);
/// Nothing when it cannot be read.
std::optional<Limits> parseLimits(const std::string& text);

/// Makes the groups named `name` and chooses rlimits for the rest. `countsProcesses` says whether
/// RLIMIT_NPROC counts this sandbox's processes only, and binds this user. Blocks.
Limits applyLimits(const CgroupPlaces& places,
                   const std::string& name,
                   const LimitWishes& wishes,
                   bool countsProcesses);

/// Removes groups; true when none is left. One that still holds processes stays: its processes are killed,
/// which takes a moment, so ask again.
bool removeCgroups(const std::vector<std::filesystem::path>& directories);

}  // namespace mooring::local

template <>
struct mooring::detail::EnumText<mooring::local::LimitBy> {
  static constexpr std::array entries{
      std::pair{mooring::local::LimitBy::cgroup1, std::string_view("cgroup1")},
      std::pair{mooring::local::LimitBy::cgroup2, std::string_view("cgroup2")},
      std::pair{mooring::local::LimitBy::rlimit, std::string_view("rlimit")},
      std::pair{mooring::local::LimitBy::affinity, std::string_view("affinity")},
      std::pair{mooring::local::LimitBy::none, std::string_view("none")},
  };
};
