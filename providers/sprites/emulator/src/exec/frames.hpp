// What travels over an exec WebSocket, one frame a message.
#pragma once

#include <mooring/http/websocket.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace mooring::sprites::emulated {

/// The first byte of a binary message, without a terminal.
enum class FrameKind : std::uint8_t { input = 0, out = 1, err = 2, exit = 3, endOfInput = 4 };

/// The longest payload of one frame of output.
inline constexpr std::size_t longestFrame = std::size_t{32} * 1024;

/// The bytes of one frame: of a WebSocket message, or of an HTTP chunk.
inline std::string frameOf(FrameKind kind, std::string_view payload) {
  std::string frame(1, static_cast<char>(kind));
  frame += payload;
  return frame;
}

inline std::string exitFrame(int code) {
  const char byte = static_cast<char>(code);
  return frameOf(FrameKind::exit, std::string_view(&byte, 1));
}

http::Message binaryMessage(std::string bytes);
http::Message textMessage(const boost::json::object& content);

}  // namespace mooring::sprites::emulated
