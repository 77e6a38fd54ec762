// What create, fork and update ask of a sandbox.
#pragma once

#include <mooring/emulation/strict.hpp>

#include "limits.hpp"
#include "policy.hpp"
#include "state.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::vercel::emulated {

/// What create, fork and update have in common; what is not there stays as it is.
struct Wishes {
  std::optional<std::vector<int>> ports = {};
  std::optional<Millis> timeout = {};
  std::optional<Millis> vcpus = {};
  std::optional<std::string> runtime = {};
  std::optional<std::string> image = {};
  std::optional<bool> persistent = {};
  std::optional<Policy> networkPolicy = {};
  std::optional<std::string> networkId = {};
  std::optional<std::map<std::string, std::string>> env = {};
  std::optional<std::map<std::string, std::string>> tags = {};
  std::optional<Millis> snapshotExpiration = {};
  std::optional<KeepLast> keepLast = {};
  bool keepsAll = false;  ///< "keepLastSnapshots": null.
  std::optional<std::map<std::string, Mount>> mounts = {};
  std::optional<std::string> region = {};
  std::optional<std::vector<std::string>> failoverRegions = {};

  void applyTo(Settings& settings) const;
};

/// The members that they share; the rest of `body` is the caller's. `body` outlives `members`. Errors: status
/// 400 (a network policy); all else is refused through `members`.
Result<Wishes> readWishes(emulation::Members& members, const boost::json::object& body, const Plan& plan);

/// How long snapshots are kept: 0 (for ever), or from a day to ten years.
std::optional<Millis> readLifetime(emulation::Members& members, std::string_view name);

std::vector<std::string_view> regionNames();

}  // namespace mooring::vercel::emulated
