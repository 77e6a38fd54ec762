#include "toolbox/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <spdlog/fmt/fmt.h>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

/// The code of an error that brought none.
std::string_view usualCode(int status) {
  switch (status) {
    case 400:
      return "BAD_REQUEST";
    case 401:
      return "UNAUTHORIZED";
    case 403:
      return "FORBIDDEN";
    case 404:
      return "NOT_FOUND";
    case 408:
      return "REQUEST_TIMEOUT";
    case 409:
      return "CONFLICT";
    case 410:
      return "GONE";
    case 422:
      return "UNPROCESSABLE_ENTITY";
    default:
      return "INTERNAL_SERVER_ERROR";
  }
}

/// Codes that say in the message, too, what kind of refusal it is.
std::string_view prefixOf(std::string_view code) {
  if (code == "BAD_REQUEST") return "bad request: ";
  if (code == "UNAUTHORIZED") return "unauthorized: ";
  if (code == "NOT_FOUND") return "not found: ";
  if (code == "CONFLICT") return "conflict: ";
  return "";
}

}  // namespace

std::unexpected<Error> refusal(int status, std::string_view code, std::string message) {
  auto refused = emulation::refused(status, std::move(message));
  refused.error().operation = std::string(code);
  return refused;
}

FileProblem fileProblem(const Error& error, const std::string& path) {
  switch (error.code) {
    case Errc::notFound:
      return {404, "FILE_NOT_FOUND", fmt::format("stat {}: no such file or directory", path)};
    case Errc::permissionDenied:
      return {403, "FILE_ACCESS_DENIED", fmt::format("open {}: permission denied", path)};
    case Errc::invalidArgument:
      return {400, "INVALID_FILE_PATH", error.message};
    case Errc::conflict:
      return {409, "CONFLICT", error.message};
    default:
      return {500, "FILE_READ_FAILED", error.message};
  }
}

std::unexpected<Error> fileRefusal(const Error& error, const std::string& path) {
  // What the machine itself is in the way of is not about this file.
  if (error.code == Errc::gone || error.code == Errc::notRunning || error.code == Errc::cancelled)
    return std::unexpected(error);
  auto problem = fileProblem(error, path);
  return refusal(problem.status, problem.code, std::move(problem.message));
}

emulation::Reply toolboxErrorReply(const emulation::Request& request, const Error& error, Timestamp now) {
  const int status = emulation::statusOf(error);
  // An outage has no words: the proxy's 502 is empty.
  if (status == 502 && error.operation.empty()) return emulation::emptyReply(status);
  const std::string_view code = error.operation.empty() ? usualCode(status)
                                                        : std::string_view(error.operation);
  const auto prefix = prefixOf(code);
  json::object body;
  body["statusCode"] = status;
  body["message"] = error.message.starts_with(prefix) ? error.message : std::string(prefix) + error.message;
  body["code"] = code;
  body["timestamp"] = toString(now);
  body["path"] = request.path;
  body["method"] = request.method;
  body["source"] = status == 401 ? "DAYTONA_PROXY" : "DAYTONA_DAEMON";
  return emulation::jsonReply(status, body);
}

emulation::Reply olderErrorReply(const emulation::Request& request, const Error& error, Timestamp now) {
  const int status = emulation::statusOf(error);
  if (request.route.contains("/files")) return emulation::emptyReply(status);
  auto plain = error;
  plain.operation = usualCode(status);
  auto reply = toolboxErrorReply(request, plain, now);
  auto body = json::parse(reply.body).as_object();
  body.erase("source");
  return emulation::jsonReply(status, body);
}

}  // namespace mooring::daytona::emulator
