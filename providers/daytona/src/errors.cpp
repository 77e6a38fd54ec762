#include "errors.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/text.hpp>

#include <boost/json/object.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

namespace json = boost::json;

namespace mooring::daytona {

namespace {

std::string textOf(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return http::oneLine(value->get_string());
  std::string joined;
  if (const auto* array = value->if_array()) {
    for (const auto& item : *array) {
      if (item.is_string()) joined += (joined.empty() ? "" : ", ") + http::oneLine(item.get_string());
    }
  }
  return joined;
}

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
  out.message = textOf(*object, "message");
  if (out.message.empty()) out.message = textOf(*object, "errors");
  if (out.message.empty()) out.message = textOf(*object, "error");
  out.code = textOf(*object, "code");
  if (out.code.empty()) out.code = textOf(*object, "error_code");
  out.source = textOf(*object, "source");
  return out;
}

Error errorFrom(const Account& account, const http::Response& response, std::string_view what) {
  const auto complaint = complaintOf(response);
  const auto code = meaningOf(response.status, complaint);
  auto message = fmt::format("cannot {}: Daytona answered {}", what, response.status);
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

Error outcomeUnknown(Error error) {
  auto outer = error;
  outer.code = Errc::outcomeUnknown;
  outer.transience = Transience::permanent;
  outer.message += "; it may have happened all the same";
  outer.cause = std::make_shared<const Error>(std::move(error));
  return outer;
}

}  // namespace mooring::daytona
