// Where everything of this provider lies. Pure: names paths, touches nothing.
#pragma once

#include <mooring/registry.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace mooring::local {

/// May be used as one part of a path: no separator, no leading dot, at most 128 characters of [A-Za-z0-9._-].
bool isPlainName(std::string_view name);

class Layout {
 public:
  explicit Layout(std::filesystem::path root) : root_(std::move(root)) {}

  /// MOORING_LOCAL_DIR, else $XDG_STATE_HOME/mooring/local, else $HOME/.local/state/mooring/local, else
  /// /var/lib/mooring/local for root. Errors: notConfigured; invalidArgument (a relative path).
  static Result<Layout> choose(const Settings& settings, bool isRoot);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path sandboxes() const { return root_ / "sandboxes"; }
  [[nodiscard]] std::filesystem::path sandbox(std::string_view key) const { return sandboxes() / key; }
  /// Where it is built before it gets its name, and where it goes to be deleted.
  [[nodiscard]] std::filesystem::path staging(std::string_view key) const;
  [[nodiscard]] std::filesystem::path trash(std::string_view key) const;
  [[nodiscard]] std::filesystem::path definition(std::string_view key) const {
    return sandbox(key) / "sandbox.json";
  }
  [[nodiscard]] std::filesystem::path workspace(std::string_view key) const {
    return sandbox(key) / "workspace";
  }
  /// Its /var/tmp.
  [[nodiscard]] std::filesystem::path temporary(std::string_view key) const {
    return sandbox(key) / "temporary";
  }
  [[nodiscard]] std::filesystem::path etc(std::string_view key) const { return sandbox(key) / "etc"; }
  [[nodiscard]] std::filesystem::path run(std::string_view key) const { return sandbox(key) / "run"; }
  [[nodiscard]] std::filesystem::path commands(std::string_view key) const {
    return sandbox(key) / "commands";
  }
  [[nodiscard]] std::filesystem::path command(std::string_view key, std::string_view id) const;
  [[nodiscard]] std::filesystem::path checkpoints(std::string_view key) const {
    return sandbox(key) / "checkpoints";
  }
  [[nodiscard]] std::filesystem::path checkpoint(std::string_view key, std::string_view id) const;
  [[nodiscard]] std::filesystem::path volumes() const { return root_ / "volumes"; }
  [[nodiscard]] std::filesystem::path volume(std::string_view name) const { return volumes() / name; }
  [[nodiscard]] std::filesystem::path bin() const { return root_ / "bin"; }
  [[nodiscard]] std::filesystem::path locks() const { return root_ / "locks"; }

 private:
  std::filesystem::path root_;
};

/// In `run`: the socket of the supervisor, what bwrap says about itself, its complaints, and so on.
namespace run_file {
inline constexpr const char* socket = "socket";
inline constexpr const char* launchedPid = "launched";
inline constexpr const char* bwrapInfo = "bwrap.json";
inline constexpr const char* log = "log";
inline constexpr const char* limits = "limits.json";
}  // namespace run_file

}  // namespace mooring::local
