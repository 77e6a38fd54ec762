/// Options of the Daytona provider: sandboxes at https://www.daytona.io or a server of one's own. What the
/// common SandboxConfig covers (image, env, labels, resources, volumes, network, idleTimeout) is said there.
/// See providers/daytona/README.md.
#pragma once

#include <mooring/registry.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::daytona {

/// What Daytona's own code runner speaks in the sandbox; sent as the label `code-toolbox-language`.
enum class Language { python, typescript, javascript };

/// An image that Daytona builds from a Dockerfile which is written from this.
struct DeclarativeImage {
  std::string base = {};              ///< For example "debian:12". Empty: "python:<python>-slim".
  std::string python = {};            ///< For example "3.12". With a `base` of one's own: installed on it is
                                      ///< whatever that has, so leave it empty.
  std::vector<std::string> pip = {};  ///< Packages, as `pip install` takes them: "numpy==2.1".
  std::string workdir = {};           ///< Absolute. Empty: the base's own.
};

/// For setOptions(config, daytona::Options{…}).
struct Options {
  static constexpr std::string_view provider = "daytona";

  std::optional<Language> language = {};  ///< Unset: by SandboxConfig::runtime, else python.
  /// Id or name of a snapshot to start from. Excludes an image and resources, which it brings along.
  std::string snapshot = {};
  /// Excludes `snapshot` and SandboxConfig::image. Unset: by SANDBOX_DAYTONA_DECLARATIVE_IMAGE.
  std::optional<DeclarativeImage> declarativeImage = {};
  /// Variables of the sandbox itself, seen also by what mooring did not start. SandboxConfig::env goes along
  /// with each command instead, which lets Daytona hand out a sandbox that stands ready. No secrets.
  std::map<std::string, std::string> envVars = {};
  bool isPublic = false;  ///< "public": previews need no token.
  /// Destroyed when it stops, by whomever. Unset: SandboxConfig::ephemeral, or SANDBOX_DAYTONA_EPHEMERAL (on
  /// unless 0 or false) where neither this nor `autoDelete` is set.
  std::optional<bool> ephemeral = {};
  /// "autoStopMinutes": stopped after so long without a request. Zero: never. Excludes
  /// SandboxConfig::idleTimeout.
  std::optional<std::chrono::minutes> autoStop = {};
  /// "autoArchiveMinutes": moved to cheaper storage after so long stopped. Zero: Daytona's maximum, 30 days.
  std::optional<std::chrono::minutes> autoArchive = {};
  /// "autoDeleteMinutes": destroyed after so long stopped. Negative: never. Excludes `ephemeral`.
  std::optional<std::chrono::minutes> autoDelete = {};
  std::string user = {};    ///< Who commands run as. Empty: "daytona".
  std::string target = {};  ///< Region. Empty: DAYTONA_TARGET, else the organization's default.
  /// By mount path: the directory in the volume that is mounted instead of its root; made when missing.
  std::map<std::string, std::string> subpaths = {};
  /// "volumeTimeoutMs": how long a volume may take to become usable.
  std::chrono::milliseconds volumeTimeout = std::chrono::seconds(60);
};

/// Members as named above, or as quoted there; what is at its default is left out.
boost::json::object toJson(const Options& options);

/// Settings: see providers/daytona/README.md. Needed are DAYTONA_API_KEY, or DAYTONA_JWT_TOKEN with
/// DAYTONA_ORGANIZATION_ID.
void registerProvider(ProviderRegistry& registry);

}  // namespace mooring::daytona

template <>
struct mooring::detail::EnumText<mooring::daytona::Language> {
  static constexpr std::array entries{
      std::pair{mooring::daytona::Language::python, std::string_view("python")},
      std::pair{mooring::daytona::Language::typescript, std::string_view("typescript")},
      std::pair{mooring::daytona::Language::javascript, std::string_view("javascript")},
  };
};
