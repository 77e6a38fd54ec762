// Messages of an execution's socket.
#pragma once

#include <mooring/http/json.hpp>
#include <mooring/http/websocket.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mooring::sprites {

/// First bytes of the binary ones, where there is no terminal.
namespace frame_kind {
inline constexpr char input = 0;
inline constexpr char output = 1;
inline constexpr char errors = 2;
inline constexpr char exit = 3;  ///< One byte more: the exit code.
inline constexpr char inputEnd = 4;
}  // namespace frame_kind

/// A binary message of that kind.
http::Message frame(char kind, std::string_view payload);

/// What a text message announces; of other types only the type is known.
struct Announcement {
  std::string type = {};
  std::string sessionId = {};        ///< Of "session_info".
  bool terminal = false;             ///< Likewise: binary messages are then bytes as they are.
  std::optional<int> exitCode = {};  ///< Of "exit".
};

void read(http::Fields& in, Announcement& out);

/// Of what cannot be read the type is empty.
Announcement readAnnouncement(const http::Message& message);

}  // namespace mooring::sprites
