// A command's output in the form that the client's version knows.
#pragma once

#include <mooring/emulation/message.hpp>

#include "toolbox/session.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace mooring::daytona::emulator {

enum class LogForm {
  plain,   ///< Text without markers.
  marked,  ///< Text with them.
  parts,   ///< JSON: {output, stdout, stderr}.
};

/// By X-Daytona-SDK-Version (as a header, or as a WebSocket subprotocol) and X-Daytona-Split-Output.
LogForm logFormOf(const emulation::Request& request);

/// The reply to a synchronous command.
boost::json::object executed(const SessionCommand& command, LogForm form);
/// The log as it is now.
emulation::Reply logReply(const SessionLog& log, LogForm form);

}  // namespace mooring::daytona::emulator
