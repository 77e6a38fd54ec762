#include "toolbox/session_replies.hpp"

#include "toolbox/text.hpp"

#include <array>
#include <charconv>

namespace mooring::daytona::emulator {

namespace {

using Version = std::array<int, 3>;

constexpr Version splitsOutput = {0, 27, 0};
constexpr Version readsParts = {0, 167, 0};

/// "0.218.0-alpha.1" → {0, 218, 0}; what cannot be read counts as zero.
Version versionOf(std::string_view text) {
  Version version = {};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  if (at != end && *at == 'v') ++at;
  for (int& number : version) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return version;
}

}  // namespace

LogForm logFormOf(const emulation::Request& request) {
  const auto version = request.headers.get("X-Daytona-SDK-Version");
  if (!version || version->empty()) {
    return request.headers.get("X-Daytona-Split-Output") == "true" ? LogForm::marked : LogForm::plain;
  }
  if (version->contains("dev")) return LogForm::parts;
  const auto number = versionOf(*version);
  if (number >= readsParts) return LogForm::parts;
  return number >= splitsOutput ? LogForm::marked : LogForm::plain;
}

boost::json::object executed(const SessionCommand& command, LogForm form) {
  boost::json::object reply;
  reply["cmdId"] = command.id;
  reply["exitCode"] = *command.exitCode;
  reply["output"] = validUtf8(form == LogForm::plain ? command.log.plain() : command.log.marked());
  if (form == LogForm::parts) {
    reply["stdout"] = validUtf8(command.log.out());
    reply["stderr"] = validUtf8(command.log.err());
  }
  return reply;
}

emulation::Reply logReply(const SessionLog& log, LogForm form) {
  switch (form) {
    case LogForm::plain:
      return emulation::textReply(200, log.plain());
    case LogForm::marked:
      return emulation::textReply(200, log.marked());
    case LogForm::parts:
      break;
  }
  boost::json::object reply;
  reply["output"] = validUtf8(log.marked());
  reply["stdout"] = validUtf8(log.out());
  reply["stderr"] = validUtf8(log.err());
  return emulation::jsonReply(200, reply);
}

}  // namespace mooring::daytona::emulator
