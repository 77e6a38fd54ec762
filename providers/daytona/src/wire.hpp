// The control plane's JSON, in our terms. The toolbox's is with the calls that use it.
#pragma once

#include <mooring/http/json.hpp>
#include <mooring/provider.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// What Daytona says of one sandbox; only what is of use here. Listings leave some of it out.
struct SandboxView {
  std::string id = {};
  std::string name = {};
  std::string state = {};  ///< Empty where the reply has none: then it is not known.
  std::string toolboxUrl = {};
  std::string errorReason = {};
  bool recoverable = false;
  std::map<std::string, std::string> labels = {};
  std::optional<double> autoDeleteMinutes = {};
  std::string createdAt = {};      ///< ISO 8601.
  std::string autoDestroyAt = {};  ///< ISO 8601; only with a time to live, and from servers that know it.
};
void read(http::Fields& in, SandboxView& out);

struct SandboxList {
  std::vector<SandboxView> items = {};
  std::string nextCursor = {};
};
void read(http::Fields& in, SandboxList& out);

struct VolumeView {
  std::string id = {};
  std::string name = {};
  std::string state = {};
  std::string errorReason = {};
};
void read(http::Fields& in, VolumeView& out);

struct PreviewView {
  std::string url = {};
  std::string token = {};
};
void read(http::Fields& in, PreviewView& out);

struct KeyView {
  std::string name = {};
  std::vector<std::string> permissions = {};
  std::string expiresAt = {};
};
void read(http::Fields& in, KeyView& out);

/// Where a sandbox is in its life, as far as anybody here acts on it.
enum class Phase {
  running,  ///< started.
  moving,   ///< On its way to another state by itself; wait and look again.
  resting,  ///< stopped, archived, paused: start() wakes it.
  broken,   ///< error, build_failed.
  leaving,  ///< destroying, destroyed: it will never run again.
  unknown,  ///< A state that nobody here knows, or none.
};
Phase phaseOf(std::string_view state);

/// A sandbox on its way to running shows one of these on the way from `resting`; anything else that moves
/// goes elsewhere first.
bool isStarting(std::string_view state);

/// As core wants it. A broken one that can be recovered is `stopped`: attach() wakes it. Errors: corrupted
/// (an unknown state).
Result<Instance> instanceFrom(const SandboxView& sandbox);

}  // namespace mooring::daytona
