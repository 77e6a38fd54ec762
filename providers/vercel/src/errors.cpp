#include "errors.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/text.hpp>
#include <mooring/http/transport.hpp>

#include <boost/json/object.hpp>
#include <spdlog/fmt/fmt.h>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

std::string textOf(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? http::oneLine(value->get_string()) : std::string();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Errc meaningOf400(const Complaint& complaint) {
  const auto& code = complaint.code;
  if (code == "snapshot_not_found" || code == "executable_not_found") return Errc::notFound;
  if (code == "image_not_ready") return Errc::unavailable;
  if (has(complaint.message, "already exists")) return Errc::conflict;
  return Errc::invalidArgument;
}

Errc meaningOf(int status, const Complaint& complaint) {
  const auto& code = complaint.code;
  switch (status) {
    case 400:
    case 413:
      return meaningOf400(complaint);
    case 401:
      return Errc::unauthenticated;
    case 402:
      return Errc::quotaExceeded;
    case 403:
      return complaint.invalidToken ? Errc::unauthenticated : Errc::permissionDenied;
    case 404:
      return Errc::notFound;
    case 409:
      return Errc::conflict;
    case 410:
      return code == "snapshot_not_found" ? Errc::notFound : Errc::notRunning;
    case 422:
      return code.starts_with("sandbox_") ? Errc::notRunning : Errc::invalidArgument;
    case 429:
      return has(complaint.message, "concurrency limit") ? Errc::quotaExceeded : Errc::rateLimited;
    case 501:
      return Errc::unsupported;
    default:
      return status == 408 || status >= 500 ? Errc::unavailable : Errc::corrupted;
  }
}

std::string_view adviceFor(Errc code) {
  switch (code) {
    case Errc::unauthenticated:
      return "; check the token (SANDBOX_VERCEL_TOKEN, VERCEL_TOKEN or VERCEL_OIDC_TOKEN): it may have "
             "expired";
    case Errc::permissionDenied:
      return "; check that the token may use the team and project: `mooring doctor` names them";
    case Errc::quotaExceeded:
      return "; other sandboxes have to end first, or the plan's limit to be raised";
    default:
      return "";
  }
}

}  // namespace

std::unexpected<Error> refuse(Errc code, std::string message) {
  Error error = makeError(code, std::move(message));
  error.provider = std::string(Options::provider);
  return std::unexpected(std::move(error));
}

Complaint complaintOf(const http::Response& response) {
  Complaint out;
  const auto parsed = http::parseJson(response.body);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) {
    // A page of some proxy's says nothing to a person; a short text may.
    const auto type = http::mediaType(response.headers.get("Content-Type").value_or(""));
    if (type != "text/html" && !response.body.starts_with('<')) out.message = http::oneLine(response.body);
    return out;
  }
  const auto* error = object->if_contains("error");
  const auto* inner = error != nullptr ? error->if_object() : nullptr;
  const auto& said = inner != nullptr ? *inner : *object;
  out.message = textOf(said, "message");
  out.code = textOf(said, "code");
  const auto* invalid = said.if_contains("invalidToken");
  out.invalidToken = invalid != nullptr && invalid->is_bool() && invalid->get_bool();
  return out;
}

Error errorFrom(const Account& account, const http::Response& response, std::string_view what) {
  const auto complaint = complaintOf(response);
  const auto code = meaningOf(response.status, complaint);
  auto message = fmt::format("cannot {}: Vercel answered {}", what, response.status);
  if (!complaint.code.empty()) message += " " + complaint.code;
  if (!complaint.message.empty()) message += ": " + complaint.message;
  message += adviceFor(code);
  auto error = makeError(code, account.redacted(std::move(message)));
  error.provider = std::string(Options::provider);
  error.httpStatus = response.status;
  error.requestId = response.requestId;
  error.retryAfter = response.retryAfter;
  if (response.retriesExhausted && error.retryable()) error.transience = Transience::exhausted;
  return error;
}

Error errorFrom(Error error, std::string_view what) {
  error.message = fmt::format("cannot {}: {}", what, error.message);
  error.provider = std::string(Options::provider);
  return error;
}

bool worthALook(const Error& error) {
  if (error.code == Errc::cancelled || error.code == Errc::deadlineExceeded) return false;
  return error.code == Errc::corrupted || http::mayHaveHappened(error);
}

Error outcomeUnknown(Error error) {
  auto outer = error;
  outer.code = Errc::outcomeUnknown;
  outer.transience = Transience::permanent;
  outer.message += "; it may have happened all the same";
  outer.cause = std::make_shared<const Error>(std::move(error));
  return outer;
}

}  // namespace mooring::vercel
