// What a config asks of Daytona: checked, and as the body of POST /sandbox. Pure.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// A config with all that Daytona needs to know decided: the call's wish, then the config's, then the
/// environment's.
struct Definition {
  Language language = Language::python;
  std::string snapshot = {};
  std::string dockerfile = {};  ///< Of an image that is to be built. Empty: a snapshot.
  std::string user = {};
  std::string target = {};
  std::map<std::string, std::string> env = {};
  std::map<std::string, std::string> labels = {};  ///< The caller's own.
  bool isPublic = false;
  bool ephemeral = true;
  std::optional<std::int64_t> autoStopMinutes = {};
  std::optional<std::int64_t> autoArchiveMinutes = {};
  std::optional<std::int64_t> autoDeleteMinutes = {};
  std::optional<std::int64_t> lifetimeMinutes = {};
  std::optional<std::int64_t> cpu = {};
  std::optional<std::int64_t> memoryGib = {};
  std::optional<std::int64_t> diskGib = {};
  bool networkBlocked = false;
  std::vector<std::string> allowedBlocks = {};  ///< IPv4 CIDR.
  std::vector<std::string> allowedDomains = {};
  std::vector<VolumeMount> volumes = {};
  std::map<std::string, std::string> subpaths = {};
  std::chrono::milliseconds volumeTimeout = {};
};

/// Errors: invalidArgument or unsupported, naming the member. `lifetime` zero: as the config says.
Result<Definition> define(const SandboxConfig& config,
                          const Defaults& defaults,
                          std::chrono::milliseconds lifetime = std::chrono::milliseconds(0));

/// What Provider::capabilities() says, for sandboxes that this account makes by default.
CapabilityTable capabilitiesWith(const Defaults& defaults);

/// Label that carries the owner tag; not to be used by callers.
inline constexpr std::string_view ownerLabel = "mooring";

/// The body of POST /sandbox. `volumeIds` by mount path.
boost::json::object createBody(const Definition& definition,
                               const std::string& name,
                               const std::string& ownerTag,
                               const std::map<std::string, std::string>& volumeIds);

/// "python3.12" → python, "node22" → javascript, "typescript" → typescript. Nothing: unknown.
std::optional<Language> languageOf(std::string_view runtime);

/// The Dockerfile of a declarative image. `runtime` gives the Python version where the image does not.
/// Errors: invalidArgument.
Result<std::string> dockerfileFor(const DeclarativeImage& image, std::string_view runtime);

}  // namespace mooring::daytona
