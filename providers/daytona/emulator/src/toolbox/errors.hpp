// How the toolbox refuses.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/error.hpp>
#include <mooring/sources.hpp>

#include <string>
#include <string_view>

namespace mooring::daytona::emulator {

/// A refusal with one of the daemon's own codes ("FILE_NOT_FOUND"). The code travels in Error::operation,
/// which nothing else uses on the way to errorReply().
std::unexpected<Error> refusal(int status, std::string_view code, std::string message);

/// What a machine's file operation failed with, as the daemon says it about `path`.
std::unexpected<Error> fileRefusal(const Error& error, const std::string& path);

/// The daemon's envelope: {statusCode, message, code, timestamp, path, method, source}.
emulation::Reply toolboxErrorReply(const emulation::Request& request, const Error& error, Timestamp now);

/// The same, of a daemon of 0.190: fewer codes, and of files nothing but the status.
emulation::Reply olderErrorReply(const emulation::Request& request, const Error& error, Timestamp now);

/// The status with which a file operation failed, and its code: for bodies that tell of several files.
struct FileProblem {
  int status = 500;
  std::string_view code = {};
  std::string message = {};
};
FileProblem fileProblem(const Error& error, const std::string& path);

}  // namespace mooring::daytona::emulator
