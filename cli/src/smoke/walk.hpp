// What `mooring smoke` does with a provider, step by step.
#pragma once

#include <mooring/mooring.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::cli::smoke {

/// What the steps work on. A step leaves in it what later ones need, and what has to be removed at the end.
struct World {
  SandboxService service;
  /// The same database as another process would open it.
  std::function<Result<SandboxService>()> otherProcess = {};
  std::string provider = {};
  CallOptions call = {};
  std::filesystem::path scratch = {};  ///< On this machine.
  std::string tag = {};                ///< A short text that no other run has.
  std::optional<Sandbox> sandbox = {};
  std::vector<std::string> volumes = {};
};

/// What a step found, in a few words; or what was wrong.
using Found = Result<std::string>;

struct Step {
  std::string_view name = {};
  std::optional<Capability> capability = {};  ///< Without it the step is left out.
  Found (*walk)(World&) = nullptr;
};

/// In order; the first one makes the sandbox that most others use.
const std::vector<Step>& steps();

/// A failure of the provider's, in the words of a step.
std::unexpected<Error> wrong(const std::string& what);

// Steps with a file of their own.
Found writeAndReadFiles(World& world);
Found moveTrees(World& world);
Found shareVolume(World& world);
Found reachPort(World& world);

}  // namespace mooring::cli::smoke
