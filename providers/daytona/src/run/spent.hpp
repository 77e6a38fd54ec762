// Runs whose results have arrived: what the sandbox keeps of them, for a reply that is lost, goes with the
// next request.
#pragma once

#include <mooring/ids.hpp>

#include <map>
#include <string>
#include <vector>

namespace mooring::daytona {

/// Threads: the loop.
class SpentRuns {
 public:
  void add(const ExternalSandboxId& sandbox, std::string key) {
    if (runs_.size() >= mostSandboxes && !runs_.contains(sandbox)) runs_.clear();  // Sandboxes sweep, too.
    auto& keys = runs_[sandbox];
    if (keys.size() < mostKeys) keys.push_back(std::move(key));
  }
  std::vector<std::string> take(const ExternalSandboxId& sandbox) {
    const auto node = runs_.extract(sandbox);
    return node ? std::move(node.mapped()) : std::vector<std::string>();
  }

 private:
  static constexpr std::size_t mostSandboxes = 1024;
  static constexpr std::size_t mostKeys = 64;
  std::map<ExternalSandboxId, std::vector<std::string>> runs_;
};

}  // namespace mooring::daytona
