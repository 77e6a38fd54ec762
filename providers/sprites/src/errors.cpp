#include "errors.hpp"

#include <mooring/http/json.hpp>
#include <mooring/http/vendor.hpp>

#include <boost/json/object.hpp>

#include <algorithm>

namespace mooring::sprites {

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool isCode(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// The file system's own words; its codes are missing from many replies.
std::optional<Errc> meaningOfFile(const Complaint& complaint) {
  const auto& [message, code, aboutFile, retryAfter] = complaint;
  if (code == "ENOENT" || has(message, "no such file or directory")) return Errc::notFound;
  if (code == "EACCES" || code == "EPERM" || has(message, "permission denied") ||
      has(message, "operation not permitted"))
    return Errc::permissionDenied;
  if (code == "ENOSPC" || code == "EDQUOT" || has(message, "no space left")) return Errc::quotaExceeded;
  if (code == "EISDIR" || code == "ENOTDIR" || has(message, "is a directory") ||
      has(message, "not a directory"))
    return Errc::invalidArgument;
  return std::nullopt;
}

Errc meaningOf(int status, const Complaint& complaint) {
  if (complaint.aboutFile && status != 401 && status != 429) {
    if (const auto meaning = meaningOfFile(complaint)) return *meaning;
  }
  switch (status) {
    case 400:
    case 422:
      return has(complaint.message, "already exists") ? Errc::conflict : Errc::invalidArgument;
    case 401:
      return Errc::unauthenticated;
    case 402:
      return Errc::quotaExceeded;
    case 403:
      return Errc::permissionDenied;
    case 404:
    case 410:
      return Errc::notFound;
    case 409:
      return Errc::conflict;
    case 413:
    case 414:
      return Errc::invalidArgument;
    case 429:
      return complaint.code == "concurrent_sprite_limit_exceeded" ? Errc::quotaExceeded : Errc::rateLimited;
    case 501:
      return Errc::unsupported;
    default:
      return status == 408 || status >= 500 ? Errc::unavailable : Errc::corrupted;
  }
}

std::string_view adviceFor(Errc code) {
  switch (code) {
    case Errc::unauthenticated:
      return "; check SPRITES_API_TOKEN (or SPRITE_TOKEN, SPRITES_TOKEN) and that SPRITES_API_BASE_URL is "
             "the "
             "server it is for";
    case Errc::quotaExceeded:
      return "; other sprites have to sleep or to be destroyed first, or the plan's limit to be raised";
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
  const auto error = http::textOf(*object, "error");
  // Beside a message `error` is a code; alone it is the message itself.
  if (!out.message.empty() && isCode(error)) {
    out.code = error;
  } else if (out.message.empty()) {
    out.message = error.empty() ? http::textOf(*object, "errors") : error;
    if (isCode(error) && has(error, "_")) out.code = error;
  }
  if (const auto code = http::textOf(*object, "code"); !code.empty()) out.code = code;
  out.aboutFile = object->contains("path") || has(out.message, "no such file or directory");
  const auto* seconds = object->if_contains("retry_after_seconds");
  if (seconds != nullptr && seconds->is_int64() && seconds->get_int64() >= 0)
    out.retryAfter = std::chrono::seconds(seconds->get_int64());
  return out;
}

Error errorFrom(const Account& account, const http::Response& response, std::string_view what) {
  const auto complaint = complaintOf(response);
  const auto code = meaningOf(response.status, complaint);
  std::string said;
  if (!complaint.message.empty()) said += ": " + complaint.message;
  auto error = http::answered(vendor, response, code, what, said, adviceFor(code), account.token);
  if (complaint.retryAfter) error.retryAfter = *complaint.retryAfter;
  return error;
}

Error errorFrom(Error error, std::string_view what) {
  return http::unanswered(vendor, std::move(error), what);
}

Error outcomeUnknown(Error error) { return http::outcomeUnknown(std::move(error)); }

}  // namespace mooring::sprites
