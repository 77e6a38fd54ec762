// What all parts of the provider share, and small things that they do with the host's files.
#pragma once

#include <mooring/operation.hpp>
#include <mooring/provider.hpp>
#include <mooring/registry.hpp>

#include "bubblewrap.hpp"
#include "definition.hpp"
#include "detail/descriptor.hpp"
#include "layout.hpp"
#include "limits.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::local {

/// Lifetime: shared by the provider's interfaces and by all that they have going on.
struct Site {
  ProviderContext context = {};
  Layout layout;
  std::vector<std::byte> scratch = {};  ///< For reads on the loop: command output passes through, nobody
                                        ///< keeps it.
  std::atomic<bool> swept = false;      ///< Leftovers of crashed processes have been looked for.

  Site(ProviderContext given, Layout chosen) : context(std::move(given)), layout(std::move(chosen)) {}
};

using SitePtr = std::shared_ptr<Site>;

/// bwrap's path, by PATH. Errors: notConfigured, naming the way without it.
Result<std::filesystem::path> findBubblewrap(const Settings& settings);
/// The end of every message about namespaces that cannot be had.
std::string withoutIsolationHint();

// Blocking:

Result<std::string> readText(const std::filesystem::path& file, std::size_t limit = std::size_t{1} << 20);
/// Whole or not at all, also after a crash.
Result<void> writeText(const std::filesystem::path& file, const std::string& text, int mode = 0600);
Result<void> makeDirectories(const std::filesystem::path& directory);
/// Fine when there is nothing.
Result<void> removeTree(const std::filesystem::path& path);

/// Nothing when there is no such sandbox. Errors: corrupted; permissionDenied.
Result<std::optional<Definition>> loadDefinition(const Layout& layout, const std::string& key);
Result<void> saveDefinition(const Layout& layout, const Definition& definition);

/// The key by which an instance is stored. Errors: invalidArgument (not one of ours).
Result<std::string> keyOf(const Instance& instance);

/// What a caller gets to see.
Instance instanceFrom(const Layout& layout, const Definition& definition, InstanceState state);

/// Where a file is in a directory whose path may be too long for a socket's address (107 bytes).
class SocketAddress {
 public:
  /// Holds `directory` open meanwhile. Returns an errno.
  int set(const std::filesystem::path& directory, const char* name);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Descriptor directory_;
  std::string path_;
};

}  // namespace mooring::local
