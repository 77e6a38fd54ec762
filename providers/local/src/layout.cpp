#include "layout.hpp"

#include "errors.hpp"

#include <algorithm>

namespace mooring::local {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t maxName = 128;
}

bool isPlainName(std::string_view name) {
  if (name.empty() || name.size() > maxName || name.front() == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Result<Layout> Layout::choose(const Settings& settings, bool isRoot) {
  const auto under = [&](const char* variable, const char* rest) -> std::optional<fs::path> {
    const auto value = settings.get(variable);
    if (!value) return std::nullopt;
    return *rest == '\0' ? fs::path(*value) : fs::path(*value) / rest;
  };
  auto root = under("MOORING_LOCAL_DIR", "");
  if (!root) root = under("XDG_STATE_HOME", "mooring/local");
  if (!root) root = under("HOME", ".local/state/mooring/local");
  if (!root && isRoot) root = "/var/lib/mooring/local";
  if (!root) {
    return refuse(
        Errc::notConfigured,
        "the local provider does not know where to keep sandboxes: set MOORING_LOCAL_DIR, XDG_STATE_HOME or "
        "HOME");
  }
  if (!root->is_absolute()) {
    return refuse(Errc::invalidArgument,
                  "the local provider's directory must be an absolute path, but is \"" + root->string() +
                      "\": correct MOORING_LOCAL_DIR, XDG_STATE_HOME or HOME");
  }
  return Layout(root->lexically_normal());
}

fs::path Layout::staging(std::string_view key) const { return sandboxes() / (".new-" + std::string(key)); }
fs::path Layout::trash(std::string_view key) const { return sandboxes() / (".trash-" + std::string(key)); }
fs::path Layout::command(std::string_view key, std::string_view id) const { return commands(key) / id; }
fs::path Layout::checkpoint(std::string_view key, std::string_view id) const { return checkpoints(key) / id; }

}  // namespace mooring::local
