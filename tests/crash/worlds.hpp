#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mooring::test {

/// A provider as crash tests need it: any number of processes reach it by its settings, and the test sees
/// what really stands there without asking mooring. To add a provider, add its world to worlds.cpp.
class World {
 public:
  virtual ~World() = default;

  [[nodiscard]] virtual std::string provider() const = 0;
  [[nodiscard]] virtual std::map<std::string, std::string> settings() const = 0;

  /// Provision keys of all that exists, sorted.
  [[nodiscard]] virtual std::vector<std::string> standing() const = 0;

  /// Ends `key` and removes all of it behind mooring's back. Returns when that is done.
  virtual void vanish(const std::string& key) = 0;

  /// Once nothing stands: what is left of these keys, or of anything, all the same (processes, control
  /// groups, half-removed files).
  [[nodiscard]] virtual std::vector<std::string> leftovers(const std::vector<std::string>& keys) const = 0;
};

/// Providers that can be tested on this machine.
std::vector<std::string> worldNames();
std::unique_ptr<World> makeWorld(const std::string& provider);

}  // namespace mooring::test
