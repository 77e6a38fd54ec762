// SandboxConfig on the command line.
#pragma once

#include <mooring/config.hpp>

#include "interrupts.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::cli {

/// What was written; unset members leave the file's.
struct ConfigFlags {
  enum class SetupKind { command, upload };

  std::string file = {};
  std::string provider = {};
  std::string runtime = {};
  std::string image = {};
  std::chrono::milliseconds timeout = {};
  std::chrono::milliseconds idleTimeout = {};
  std::vector<int> ports = {};
  std::optional<int> vcpus = {};
  std::optional<std::int64_t> memoryMib = {};
  std::optional<std::int64_t> diskGib = {};
  std::vector<std::string> env = {};
  std::vector<std::string> secretEnv = {};
  std::vector<std::string> labels = {};
  std::vector<std::string> volumes = {};
  std::string network = {};
  std::vector<std::string> allow = {};
  bool ephemeral = false;
  std::string purpose = {};
  std::string params = {};
  std::vector<std::string> setupCommands = {};
  std::vector<std::string> setupUploads = {};
  std::string recreate = {};
  std::vector<std::string> needs = {};
  std::vector<std::string> options = {};
  /// The order in which the two kinds of setup steps were written.
  std::function<std::vector<SetupKind>()> setupOrder = {};
};

void addConfigFlags(CLI::App& app, const std::shared_ptr<ConfigFlags>& flags);

/// Reads the file (standard input for "-") and lays the flags over it. Errors: invalidArgument, naming flag
/// or key.
Result<SandboxConfig> configOf(const ConfigFlags& flags, const Interrupts& interrupts);

}  // namespace mooring::cli
