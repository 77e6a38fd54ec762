/// Options of the Vercel provider: sandboxes at https://vercel.com/docs/sandbox. What the common
/// SandboxConfig covers (runtime, image, timeout, ports, vcpus, env, labels, volumes, network) is said there.
/// See providers/vercel/README.md.
#pragma once

#include <mooring/registry.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::vercel {

enum class SourceType { git, tarball, snapshot };

/// What lies in the working directory from the start.
struct Source {
  SourceType type = SourceType::git;
  std::string url = {};         ///< Of a git repository or a tarball, without credentials in it.
  std::string revision = {};    ///< git: branch, tag or commit. Empty: the default branch.
  int depth = 0;                ///< git: how many commits. Zero: all.
  std::string snapshotId = {};  ///< Excludes runtime and image, which it brings along.
  /// git: names of the variables that hold user and password, looked up where VERCEL_TOKEN is. The values go
  /// into the request that makes the sandbox and nowhere else.
  std::string usernameVariable = {};
  std::string passwordVariable = {};
};

/// For setOptions(config, vercel::Options{…}).
struct Options {
  static constexpr std::string_view provider = "vercel";

  std::optional<Source> source = {};
  /// Stopping keeps the files (a snapshot, billed by size), and waking brings them back. Unset: by
  /// SANDBOX_VERCEL_PERSISTENT, else off.
  std::optional<bool> persistent = {};
  /// Variables of the sandbox itself, seen also by what mooring did not start. SandboxConfig::env goes along
  /// with each command instead. No secrets.
  std::map<std::string, std::string> envVars = {};
  std::string region = {};                        ///< "iad1", "fra1" … Empty: Vercel's default.
  std::vector<std::string> failoverRegions = {};  ///< Not with volumes.
  /// A policy as Vercel writes it, for what SandboxConfig::network cannot say. Excludes that. No secrets: it
  /// is kept in the record.
  boost::json::object networkPolicy = {};
  /// "snapshotExpirationHours": how long a snapshot lives after its last use; zero: for ever. At least 24.
  std::chrono::hours snapshotExpiration = std::chrono::hours(24 * 7);
  /// How many snapshots of a sandbox are kept, 1 to 10; older ones are deleted, checkpoints among them.
  /// Unset: all, until they expire.
  std::optional<int> keepLastSnapshots = {};
};

/// Members as named above, or as quoted there; what is at its default is left out.
boost::json::object toJson(const Options& options);

/// What Sandbox::native() gives: names for the vendor's own tools and SDKs.
struct Native {
  std::string name = {};       ///< Of the sandbox; unique in the project.
  std::string sessionId = {};  ///< Of the machine that ran it when it was last looked at.
  std::string teamId = {};
  std::string projectId = {};
  std::string apiUrl = {};
};

/// Settings: see providers/vercel/README.md. Needed are a token with a team and a project:
/// SANDBOX_VERCEL_TOKEN, _TEAM_ID and _PROJECT_ID; or the same without SANDBOX_; or VERCEL_OIDC_TOKEN.
void registerProvider(ProviderRegistry& registry);

}  // namespace mooring::vercel

template <>
struct mooring::detail::EnumText<mooring::vercel::SourceType> {
  static constexpr std::array entries{
      std::pair{mooring::vercel::SourceType::git, std::string_view("git")},
      std::pair{mooring::vercel::SourceType::tarball, std::string_view("tarball")},
      std::pair{mooring::vercel::SourceType::snapshot, std::string_view("snapshot")},
  };
};
