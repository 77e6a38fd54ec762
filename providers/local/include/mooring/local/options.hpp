/// Options of the local provider: sandboxes on this machine, by bubblewrap. See providers/local/README.md.
#pragma once

#include <mooring/registry.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace mooring::local {

enum class Isolation {
  bubblewrap,  ///< Namespaces of its own: sees /usr read-only, its workspace and nothing else of this
               ///< machine.
  none,        ///< Ordinary processes of this user, with all that this user may do. For where namespaces are
               ///< forbidden.
};

/// For setOptions(config, local::Options{…}).
struct Options {
  static constexpr std::string_view provider = "local";

  Isolation isolation = Isolation::bubblewrap;
  /// Most processes and threads at once, 1 to 4194304. Unset: 1024 where the sandbox's can be counted, else
  /// no limit.
  std::optional<int> maxProcesses = {};
  /// Where the workspace is mounted: home and default directory of its programs. Absolute, outside of the
  /// system's directories; only with bubblewrap.
  std::string home = "/workspace";
  /// The name of its user: lower-case letters, digits, '-', '_'. Only with bubblewrap.
  std::string user = "sandbox";
};

/// {"isolation": "bubblewrap" | "none", "maxProcesses": n, "home": path, "user": name}; what is at its
/// default is left out.
boost::json::object toJson(const Options& options);

/// What Provider::native() gives for an instance.
struct Native {
  std::filesystem::path directory = {};  ///< On this machine; its workspace is `directory / "workspace"`.
  pid_t supervisorPid = 0;               ///< As this machine counts. 0: not running.
};

/// Settings: MOORING_LOCAL_DIR (where sandboxes are kept), else XDG_STATE_HOME or HOME; PATH (to find bwrap).
void registerProvider(ProviderRegistry& registry);

}  // namespace mooring::local

template <>
struct mooring::detail::EnumText<mooring::local::Isolation> {
  static constexpr std::array entries{
      std::pair{mooring::local::Isolation::bubblewrap, std::string_view("bubblewrap")},
      std::pair{mooring::local::Isolation::none, std::string_view("none")},
  };
};
