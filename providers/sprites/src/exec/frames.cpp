#include "exec/frames.hpp"

namespace mooring::sprites {

void read(http::Fields& in, Announcement& out) {
  in.optional("type", out.type);
  in.optional("session_id", out.sessionId);
  in.optional("tty", out.terminal);
  in.optional("exit_code", out.exitCode);
}

http::Message frame(char kind, std::string_view payload) {
  http::Message message;
  message.data.reserve(payload.size() + 1);
  message.data += kind;
  message.data += payload;
  return message;
}

Announcement readAnnouncement(const http::Message& message) {
  const auto json = http::parseJson(message.data);
  auto text = json ? http::decodeValue<Announcement>(*json) : Result<Announcement>();
  return text ? std::move(*text) : Announcement();
}

}  // namespace mooring::sprites
