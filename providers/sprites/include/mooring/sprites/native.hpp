/// What Sprites offers beyond mooring's common surface: `sandbox.native<sprites::Native>().get()`.
#pragma once

#include <mooring/error.hpp>
#include <mooring/sources.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mooring::sprites {

/// A command that runs in the sprite and that Sprites knows of: mooring's own runs (as `sh -c` with their
/// gate), and whatever was begun by other tools.
struct Session {
  std::string id = {};       ///< A process id: it comes again once the session has ended.
  std::string command = {};  ///< All of its words.
  std::string directory = {};
  std::optional<Timestamp> createdAt = {};
  bool terminal = false;
};

struct NativeParts;

/// A handle on one sprite.
/// Errors: gone, unauthenticated, unavailable, rateLimited.
/// Threads: any; do not wait for a future on mooring's loop thread. Lifetime: keep the service for as long as
/// a
///   future is waited for, else it says cancelled. Cost: one request each, if not said otherwise.
class Native {
 public:
  explicit Native(std::shared_ptr<const NativeParts> parts) : parts_(std::move(parts)) {}

  /// What the vendor's own tools and SDKs call it.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& url() const;

  /// Those that run now. Wakes the sprite.
  [[nodiscard]] std::future<Result<std::vector<Session>>> sessions() const;
  /// Sends SIGTERM, and SIGKILL when it has not ended after ten seconds. Fine when it has ended already, also
  /// where its id has come again since. Cost: two requests.
  [[nodiscard]] std::future<Result<void>> kill(Session session) const;

 private:
  std::shared_ptr<const NativeParts> parts_;
};

}  // namespace mooring::sprites
