// What a sandbox is: the content of its sandbox.json. Holds neither env nor secrets.
#pragma once

#include <mooring/config.hpp>
#include <mooring/local/options.hpp>
#include <mooring/provider.hpp>
#include <mooring/sources.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace mooring::local {

struct Definition {
  std::string provisionKey = {};
  std::string ownerTag = {};
  Timestamp createdAt = {};
  Isolation isolation = Isolation::bubblewrap;
  std::optional<int> maxProcesses = {};  ///< As asked for; unset is the default.
  std::string home = "/workspace";       ///< Where the workspace is mounted.
  std::string user = "sandbox";
  bool networkBlocked = false;
  bool ephemeral = false;
  std::chrono::milliseconds lifetime = {};     ///< Counted from each time it is woken. Zero: for ever.
  std::chrono::milliseconds idleTimeout = {};  ///< Zero: for ever.
  std::optional<int> vcpus = {};
  std::optional<std::int64_t> memoryMib = {};
  std::vector<VolumeMount> volumes = {};
};

/// Errors: invalidArgument (options).
Result<Definition> defineSandbox(const ProvisionRequest& request, Timestamp now);

std::string toText(const Definition& definition);
/// Errors: corrupted.
Result<Definition> parseDefinition(const std::string& text, const std::filesystem::path& file);

/// The options that `config` holds for this provider. Errors: invalidArgument naming the key.
Result<Options> optionsOf(const SandboxConfig& config);

/// All that can be refused without touching anything. Errors: invalidArgument, unsupported.
Result<void> validateConfig(const SandboxConfig& config);

/// Errors: invalidArgument.
Result<void> checkVolumeName(const std::string& name);
/// Whether a volume may be mounted at `path`. Errors: invalidArgument.
Result<void> checkMountPath(const std::string& path);
/// Whether the workspace may be mounted there. Errors: invalidArgument.
Result<void> checkHome(const std::string& path);

}  // namespace mooring::local
