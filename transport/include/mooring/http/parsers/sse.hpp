/// Server-sent events (text/event-stream).
#pragma once

#include <mooring/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::http {

struct ServerEvent {
  std::string type = "message";
  std::string data = {};  ///< Several data lines are joined by '\n'.
  std::string id = {};    ///< The last one seen, of this event or an earlier one.

  bool operator==(const ServerEvent&) const = default;
};

/// push() bytes, take events with next(). Lines end in "\n", "\r\n" or "\r". An event that the end of the
/// input cuts off is dropped, as the specification wants.
class ServerEvents {
 public:
  explicit ServerEvents(std::size_t longest = std::size_t{4} * 1024 * 1024) : longest_(longest) {}

  void push(std::string_view bytes);
  /// Errors: corrupted, when an event is longer than allowed.
  Result<std::optional<ServerEvent>> next();
  /// The wait before reconnecting that the server asked for, in milliseconds.
  [[nodiscard]] std::optional<int> retry() const { return retry_; }

 private:
  std::optional<std::string> takeLine();
  std::optional<ServerEvent> endOfEvent();
  void field(std::string_view line);

  std::string buffer_;
  std::size_t taken_ = 0;
  std::size_t longest_;
  bool begun_ = false;
  bool skipNewline_ = false;  ///< After a '\r': its '\n' may still come.
  bool hasData_ = false;
  ServerEvent event_{.type = {}};
  std::optional<int> retry_;
};

}  // namespace mooring::http
