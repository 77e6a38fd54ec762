#include "errors.hpp"

#include <boost/json/object.hpp>

namespace mooring::vercel::emulated {

namespace json = boost::json;

namespace {

std::string_view usualCode(int status) {
  switch (status) {
    case 400:
      return "bad_request";
    case 402:
      return "payment_required";
    case 401:
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 409:
      return "conflict";
    case 410:
      return "sandbox_stopped";
    case 413:
      return "payload_too_large";
    case 422:
      return "sandbox_stopping";
    case 429:
      return "rate_limited";
    default:
      return status < 500 ? "bad_request" : "internal_server_error";
  }
}

std::string reasonOf(const Error& error) {
  switch (error.code) {
    case Errc::notFound:
      return "No such file or directory";
    case Errc::permissionDenied:
      return "Permission denied";
    default:
      return error.message;
  }
}

}  // namespace

std::unexpected<Error> refusedAs(int status, std::string_view code, std::string message) {
  auto refusal = emulation::refused(status, std::move(message));
  refusal.error().cause = std::make_shared<const Error>(Error{.message = std::string(code)});
  return refusal;
}

std::string codeOf(const Error& error) {
  if (error.cause) return error.cause->message;
  return std::string(usualCode(emulation::statusOf(error)));
}

emulation::Reply errorReply(const Error& error) {
  const int status = emulation::statusOf(error);
  json::object inner{{"code", codeOf(error)}, {"message", error.message}};
  if (status == 403) inner["invalidToken"] = true;
  return emulation::jsonReply(status, json::object{{"error", std::move(inner)}});
}

std::unexpected<Error> fileError(const std::string& action, const std::string& path, const Error& error) {
  return refusedAs(400, "file_error", "error " + action + ": " + path + ": " + reasonOf(error));
}

}  // namespace mooring::vercel::emulated
