/// What a caller asks for, and its one JSON form (used by records, the CLI and configuration files alike).
#pragma once

#include <mooring/error.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mooring {

/// Something that a provider may or may not offer. Ask for it in SandboxConfig::needs to be refused early.
enum class Capability {
  startedCommands,  ///< start(): commands that outlive the caller.
  commandInput,     ///< Standard input for run().
  volumes,          ///< Named storage that outlives sandboxes.
  checkpoints,      ///< Saved states of the files, restored later.
  checkpointRemoval,
  previews,        ///< A URL for a port.
  portForwarding,  ///< Any TCP connection to a port, not only HTTP.
  resume,          ///< A stopped sandbox comes back with its files.
  lifetime,        ///< SandboxConfig::timeout is enforced.
  idleTimeout,     ///< SandboxConfig::idleTimeout is enforced.
  extend,
  vcpuLimit,
  memoryLimit,
  diskLimit,
  networkBlock,      ///< NetworkMode::blocked.
  networkAllowList,  ///< NetworkMode::allowList.
  images,            ///< SandboxConfig::image.
  runtimes,          ///< SandboxConfig::runtime.
};

template <>
struct detail::EnumText<Capability> {
  static constexpr std::array entries{
      std::pair{Capability::startedCommands, std::string_view("startedCommands")},
      std::pair{Capability::commandInput, std::string_view("commandInput")},
      std::pair{Capability::volumes, std::string_view("volumes")},
      std::pair{Capability::checkpoints, std::string_view("checkpoints")},
      std::pair{Capability::checkpointRemoval, std::string_view("checkpointRemoval")},
      std::pair{Capability::previews, std::string_view("previews")},
      std::pair{Capability::portForwarding, std::string_view("portForwarding")},
      std::pair{Capability::resume, std::string_view("resume")},
      std::pair{Capability::lifetime, std::string_view("lifetime")},
      std::pair{Capability::idleTimeout, std::string_view("idleTimeout")},
      std::pair{Capability::extend, std::string_view("extend")},
      std::pair{Capability::vcpuLimit, std::string_view("vcpuLimit")},
      std::pair{Capability::memoryLimit, std::string_view("memoryLimit")},
      std::pair{Capability::diskLimit, std::string_view("diskLimit")},
      std::pair{Capability::networkBlock, std::string_view("networkBlock")},
      std::pair{Capability::networkAllowList, std::string_view("networkAllowList")},
      std::pair{Capability::images, std::string_view("images")},
      std::pair{Capability::runtimes, std::string_view("runtimes")},
  };
};

struct Resources {
  std::optional<int> vcpus = {};  ///< Unset: the provider's default.
  std::optional<std::int64_t> memoryMib = {};
  std::optional<std::int64_t> diskGib = {};
};

struct VolumeMount {
  std::string name = {};  ///< Created when it does not exist: letters, digits, '-', '_', '.'; at most 64.
  std::string mountPath = {};  ///< Absolute, in the sandbox.
  bool readOnly = false;
};

enum class NetworkMode {
  open,       ///< The provider's default access.
  blocked,    ///< None at all.
  allowList,  ///< Only Network::allow.
};

template <>
struct detail::EnumText<NetworkMode> {
  static constexpr std::array entries{
      std::pair{NetworkMode::open, std::string_view("open")},
      std::pair{NetworkMode::blocked, std::string_view("blocked")},
      std::pair{NetworkMode::allowList, std::string_view("allowList")},
  };
};

struct Network {
  NetworkMode mode = NetworkMode::open;
  std::vector<std::string> allow = {};  ///< Domains or CIDR blocks, as the provider takes them.
};

/// May mooring put a new generation in the place of a sandbox that is provably gone?
enum class RecreatePolicy {
  never,     ///< No: calls answer `gone`.
  onDemand,  ///< When a call needs it.
  always,    ///< Also in recover(), before anyone asks.
};

template <>
struct detail::EnumText<RecreatePolicy> {
  static constexpr std::array entries{
      std::pair{RecreatePolicy::never, std::string_view("never")},
      std::pair{RecreatePolicy::onDemand, std::string_view("onDemand")},
      std::pair{RecreatePolicy::always, std::string_view("always")},
  };
};

/// A command that must succeed before the sandbox counts as ready.
struct SetupCommand {
  std::string program = {};
  std::vector<std::string> args = {};
  std::string cwd = {};
  std::map<std::string, std::string> env = {};
  std::chrono::milliseconds timeout = {};  ///< Zero: only the call's own deadline.
};

/// A file that must be in place before the sandbox counts as ready. Exactly one of `content` and `source` is
/// set.
struct SetupUpload {
  std::string path = {};                    ///< Where it goes, in the sandbox.
  std::optional<std::string> content = {};  ///< The bytes themselves; kept in the record.
  std::filesystem::path source = {};        ///< A file or a tree on the caller's machine, read again for each
                                            ///< generation.
  std::optional<int> mode = {};  ///< Permission bits, 0755 (JSON: "0755"). Unset: 0644, or the source's own.
};

using SetupStep = std::variant<SetupCommand, SetupUpload>;

/// All that is needed to create a sandbox, and to create it again. Secrets are named here, never held.
struct SandboxConfig {
  std::string provider = {};                   ///< Empty: SANDBOX_PROVIDER, then "sprites".
  std::string runtime = {};                    ///< For example "python3.12". Empty: the provider's default.
  std::string image = {};                      ///< Empty: the provider's default.
  std::chrono::milliseconds timeout = {};      ///< Lifetime. Zero: the provider's default.
  std::chrono::milliseconds idleTimeout = {};  ///< Zero: the provider's default.
  std::vector<int> ports = {};                 ///< To be reachable from outside, 1 to 65535.
  Resources resources = {};
  std::map<std::string, std::string> env = {};  ///< For every command. Kept in the record: no secrets here.
  std::vector<std::string> secretEnv = {};      ///< Names; values are resolved when needed and never stored.
  std::map<std::string, std::string> labels = {};
  std::vector<VolumeMount> volumes = {};
  Network network = {};
  bool ephemeral = false;             ///< stop() destroys: nothing is kept for resume().
  std::string purpose = {};           ///< The caller's own; list() filters by it.
  boost::json::object params = {};    ///< The caller's own; kept as it is.
  std::vector<SetupStep> setup = {};  ///< In order, on every new generation.
  RecreatePolicy recreate = RecreatePolicy::onDemand;
  std::vector<Capability> needs = {};  ///< Refused before anything is spent when the provider lacks one.
  boost::json::object options = {};    ///< Typed provider options by provider name; see setOptions().
};

/// Puts a provider's typed options into `config`, for example `setOptions(config, local::Options{…})`.
/// `Options` has `static constexpr std::string_view provider` and a free `toJson(const Options&)`.
template <class Options>
void setOptions(SandboxConfig& config, const Options& options) {
  config.options[Options::provider] = toJson(options);
}

/// The JSON form, schema 1. Defaults are left out. Byte strings that are not UTF-8 take the form {"base64":
/// …}.
boost::json::object toJson(const SandboxConfig& config);

/// Reads what toJson wrote, or what a person wrote.
/// Errors: invalidArgument naming the path of the first key that is unknown, misplaced or of the wrong type.
Result<SandboxConfig> parseConfig(const boost::json::value& json);

/// Checks what can be checked without a provider (ports, paths, names, duplicate mounts, the setup's form).
/// Errors: invalidArgument, one line, naming the member.
Result<void> validate(const SandboxConfig& config);

/// SHA-256 in hex over the canonical JSON form: equal for equal configs, whatever the order of their keys
/// was.
std::string configHash(const SandboxConfig& config);

}  // namespace mooring
