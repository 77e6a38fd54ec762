/// What Sprites offers beyond mooring's common surface: `sandbox.native<sprites::Native>().get()`.
#pragma once

#include <mooring/command.hpp>
#include <mooring/error.hpp>
#include <mooring/sources.hpp>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
  /// Watches a session to its end, whoever began it: what Sprites has kept of its output (of a terminal, the
  /// screen; else 64 KiB at most), then what comes. Gives its exit code. What a terminal shows is all
  /// Stream::out. `onOutput` is called on mooring's loop thread and must not block; the bytes are its for the
  /// call only. Errors: notFound (it has ended, or its id is another's by now); unavailable (the connection
  /// broke; it may be followed again). Cost: one request and one socket.
  [[nodiscard]] std::future<Result<int>> follow(Session session,
                                                std::function<void(Stream, std::string_view)> onOutput) const;

 private:
  std::shared_ptr<const NativeParts> parts_;
};

}  // namespace mooring::sprites
