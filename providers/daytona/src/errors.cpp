#include "errors.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/vendor.hpp>

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace mooring::daytona {

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Daytona has no codes for these; the stable parts of its sentences are all there is
/// (daytonaio/daytona#3304).
Errc meaningOf400(const std::string& message) {
  if (has(message, "limit exceeded") || has(message, "quota exceeded")) return Errc::quotaExceeded;
  if (has(message, "No available runners")) return Errc::unavailable;
  if (has(message, "not in a ready state")) return Errc::conflict;
  return Errc::invalidArgument;
}

Errc meaningOf(int status, const Complaint& complaint) {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return meaningOf400(complaint.message);
    case 401:
      return Errc::unauthenticated;
    case 402:
      return Errc::quotaExceeded;
    case 403:  // Limits had this status before server 0.170.
      return meaningOf400(complaint.message) == Errc::quotaExceeded ? Errc::quotaExceeded
                                                                    : Errc::permissionDenied;
    case 404:
    case 410:
      return Errc::notFound;
    case 409:
      return Errc::conflict;
    case 429:
      return Errc::rateLimited;
    case 501:
      return Errc::unsupported;
    default:
      return status == 408 || status >= 500 ? Errc::unavailable : Errc::corrupted;
  }
}

std::string_view adviceFor(Errc code) {
  switch (code) {
    case Errc::unauthenticated:
      return "; check DAYTONA_API_KEY (or DAYTONA_JWT_TOKEN) and that DAYTONA_API_URL is the server it is "
             "for";
    case Errc::permissionDenied:
      return "; `mooring doctor` shows what the API key may do";
    case Errc::quotaExceeded:
      return "; other sandboxes have to end first, or the limit to be raised";
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
  out.message = http::textOf(*object, "message");
  if (out.message.empty()) out.message = http::textOf(*object, "errors");
  if (out.message.empty()) out.message = http::textOf(*object, "error");
  out.code = http::textOf(*object, "code");
  if (out.code.empty()) out.code = http::textOf(*object, "error_code");
  out.source = http::textOf(*object, "source");
  return out;
}

Error errorFrom(const Account& account, const http::Response& response, std::string_view what) {
  const auto complaint = complaintOf(response);
  const auto code = meaningOf(response.status, complaint);
  std::string said;
  if (!complaint.message.empty()) said += ": " + complaint.message;
  return http::answered(vendor, response, code, what, said, adviceFor(code), account.token);
}

Error errorFrom(Error error, std::string_view what) {
  return http::unanswered(vendor, std::move(error), what);
}

Error outcomeUnknown(Error error) { return http::outcomeUnknown(std::move(error)); }

}  // namespace mooring::daytona
