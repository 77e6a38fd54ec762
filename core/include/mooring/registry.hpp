/// Which providers there are, and which one a configuration means.
#pragma once

#include <mooring/provider.hpp>
#include <mooring/secret.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spdlog {
class logger;
}

namespace mooring {

/// The environment, read once when a service is opened.
class Settings {
 public:
  Settings() = default;
  explicit Settings(std::map<std::string, std::string, std::less<>> variables)
      : variables_(std::move(variables)) {}
  /// A copy of this process's environment.
  static Settings fromEnvironment();

  /// The same with one variable set; an empty value unsets it.
  [[nodiscard]] Settings with(std::string name, std::string value) const;

  [[nodiscard]] bool empty() const { return variables_.empty(); }
  /// Nothing when unset or empty.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// The same, for values that must not be seen.
  [[nodiscard]] std::optional<Secret> secret(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

/// What a provider is given to live in.
struct ProviderContext {
  Settings settings = {};
  boost::asio::any_io_executor loop = {};      ///< Where its coroutines run: one thread.
  boost::asio::any_io_executor blocking = {};  ///< A few threads for calls that block (files).
  std::shared_ptr<Clock> clock = {};
  std::shared_ptr<IdSource> ids = {};
  std::shared_ptr<Random> random = {};
  std::shared_ptr<spdlog::logger> log = {};  ///< Null: nothing is to be logged. A service never leaves it
                                             ///< null.
};

/// Makes a provider. Errors: notConfigured, naming every setting that is missing.
using ProviderFactory = std::function<Result<std::shared_ptr<Provider>>(const ProviderContext&)>;

/// A plain value; no statics. Threads: fill it before opening a service with it.
class ProviderRegistry {
 public:
  /// Adds a provider or replaces the one of that name.
  void add(std::string name, ProviderFactory factory);
  [[nodiscard]] std::vector<std::string> names() const;
  /// Errors: invalidArgument listing the known names.
  [[nodiscard]] Result<ProviderFactory> find(std::string_view name) const;

 private:
  std::map<std::string, ProviderFactory, std::less<>> factories_;
};

/// The provider that `config` means: config.provider, then SANDBOX_PROVIDER, then "sprites".
std::string chooseProvider(const SandboxConfig& config, const Settings& settings);

}  // namespace mooring
