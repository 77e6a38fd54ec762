// What a config asks of Vercel: checked, and as the body of POST /v3/sandboxes. Pure.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::vercel {

/// A config with all that Vercel needs to know decided: the config's wish, then the environment's.
struct Definition {
  std::string runtime = {};  ///< A legacy runtime; made by another route than the rest.
  std::string image = {};
  std::optional<Source> source = {};
  std::vector<int> ports = {};
  std::optional<std::int64_t> vcpus = {};
  std::chrono::milliseconds timeout = {};
  bool persistent = false;
  std::int64_t snapshotExpirationMs = 0;
  std::optional<int> keepLastSnapshots = {};
  std::map<std::string, std::string> env = {};
  std::map<std::string, std::string> labels = {};  ///< The caller's own.
  boost::json::object networkPolicy = {};          ///< Empty: as Vercel does by default.
  std::vector<VolumeMount> volumes = {};
  std::string region = {};
  std::vector<std::string> failoverRegions = {};
};

/// Errors: invalidArgument or unsupported, naming the member. `lifetime` zero: as the config says.
Result<Definition> define(const SandboxConfig& config,
                          const Defaults& defaults,
                          std::chrono::milliseconds lifetime = std::chrono::milliseconds(0));

/// The policy of SandboxConfig::network; empty for an open one. Errors: invalidArgument.
Result<boost::json::object> networkPolicyOf(const Network& network);

/// What Provider::capabilities() says, for sandboxes that this account makes by default.
CapabilityTable capabilitiesWith(const Defaults& defaults);

/// Tag that carries the owner; not to be used by callers.
inline constexpr std::string_view ownerTagKey = "mooring";
/// Tag that carries the comments of checkpoints.
inline constexpr std::string_view commentsTagKey = "mooring-checkpoints";
inline constexpr std::size_t mostTags = 5;
inline constexpr std::size_t longestTag = 256;

/// User and password of a git source.
struct GitLogin {
  Secret username = {};
  Secret password = {};
};
/// Errors: notConfigured, naming the variable that is missing.
Result<GitLogin> loginFor(const Definition& definition, const Settings& settings);

/// The body of the creation. Holds the login: to be sent and not to be shown.
boost::json::object createBody(const Definition& definition,
                               const Account& account,
                               const std::string& name,
                               const std::string& ownerTag,
                               const GitLogin& login);

/// Runtimes are made by the second version of the API, everything else by the third.
std::string_view createPath(const Definition& definition);

}  // namespace mooring::vercel
