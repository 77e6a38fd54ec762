#include "errors.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/transport.hpp>
#include <mooring/http/vendor.hpp>

#include <boost/json/object.hpp>

namespace mooring::vercel {

namespace {

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
  return http::refusal(vendor, code, std::move(message));
}

Complaint complaintOf(const http::Response& response) {
  Complaint out;
  const auto parsed = http::parseJson(response.body);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) {
    out.message = http::plainTextOf(response);
    return out;
  }
  const auto* error = object->if_contains("error");
  const auto* inner = error != nullptr ? error->if_object() : nullptr;
  const auto& said = inner != nullptr ? *inner : *object;
  out.message = http::textOf(said, "message");
  out.code = http::textOf(said, "code");
  const auto* invalid = said.if_contains("invalidToken");
  out.invalidToken = invalid != nullptr && invalid->is_bool() && invalid->get_bool();
  return out;
}

Error errorFrom(const Account& account, const http::Response& response, std::string_view what) {
  const auto complaint = complaintOf(response);
  const auto code = meaningOf(response.status, complaint);
  std::string said;
  if (!complaint.code.empty()) said += " " + complaint.code;
  if (!complaint.message.empty()) said += ": " + complaint.message;
  return http::answered(vendor, response, code, what, said, adviceFor(code), account.token);
}

Error errorFrom(Error error, std::string_view what) {
  return http::unanswered(vendor, std::move(error), what);
}

bool worthALook(const Error& error) {
  if (error.code == Errc::cancelled || error.code == Errc::deadlineExceeded) return false;
  return error.code == Errc::corrupted || http::mayHaveHappened(error);
}

Error outcomeUnknown(Error error) { return http::outcomeUnknown(std::move(error)); }

}  // namespace mooring::vercel
