// A database and a folder of sandboxes that are there for one run only, and programs started without mooring.
#pragma once

#include <mooring/mooring.hpp>

#include "measure.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// How much to measure.
struct Effort {
  double rounds = 1;  ///< Times the usual number.
  bool full = false;  ///< The sizes that the budgets speak of, which take minutes.

  [[nodiscard]] int times(int usual) const { return std::max(3, static_cast<int>(usual * rounds)); }
};

class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Destroys all sandboxes and removes the folder.
  ~World();

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path database() const { return folder_ / "records.db"; }
  [[nodiscard]] mooring::SandboxService& service() { return *service_; }
  [[nodiscard]] mooring::RecordStore& store() { return *store_; }

  /// A sandbox that stands and has run a command.
  mooring::Sandbox warmSandbox();

 private:
  std::filesystem::path folder_;
  std::shared_ptr<mooring::RecordStore> store_;
  std::optional<mooring::SandboxService> service_;
};

mooring::SandboxConfig plainConfig();

/// Starts a program and waits for it; its output is dropped. False: its exit code is not 0.
bool spawn(const std::vector<std::string>& argv);
/// The same, and what it printed.
std::string spawnForOutput(const std::vector<std::string>& argv);

std::vector<std::string> bareBubblewrap(const std::vector<std::string>& command);
/// Nothing when this user may not enter it.
std::optional<std::vector<std::string>> enterNamespaces(const mooring::Sandbox& sandbox,
                                                        const std::vector<std::string>& command);

/// The program that runs now, to be started again as a child.
std::string ownProgram();

}  // namespace bench
